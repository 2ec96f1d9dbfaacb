//! The handle by which everything else speaks with the relay. Calls here never wait for a media thread.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use ahoy_packet::dtmf::Digit;
use ahoy_types::Fingerprint;
use tokio::sync::oneshot;

use crate::call::Limits;
use crate::command::Command;
use crate::cx::Sink;
use crate::dtls::Identity;
use crate::net::Net;
use crate::plan::LegPlan;
use crate::recording::Recording;
use crate::sys::Waker;
use crate::worker::{Worker, WorkerStats};
use crate::{
    BridgeId, CallPlan, CallReport, CallSetup, EndReason, LegNetwork, MediaConfig, MediaError,
    MediaEvent, MediaFaults, RemoteLeg, Side, TimelineEvent, WorkerAddress,
};

/// The relay. Cheap to clone; the threads stop with [`MediaEngine::shutdown`] or with the last handle.
#[derive(Clone)]
pub struct MediaEngine(Arc<Shared>);

struct Shared {
    workers: Vec<Handle>,
    fingerprint: Fingerprint,
    /// Which worker owns a call, from arming to closing.
    homes: Mutex<HashMap<BridgeId, usize>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    ears: mpsc::Sender<Job>,
    turn: AtomicUsize,
}

/// Decoding, done on a thread that no packet waits for.
type Job = Box<dyn FnOnce() + Send>;

struct Handle {
    commands: mpsc::Sender<Command>,
    waker: Waker,
    address: WorkerAddress,
    calls: AtomicUsize,
}

impl Handle {
    fn send(&self, command: Command) {
        // A worker that is gone has closed its calls already; what is asked of it is answered by dropping it.
        if self.commands.send(command).is_ok() {
            self.waker.wake();
        }
    }
}

/// An answer on its way from a media thread: a future, or [`Reply::wait`] where there is no runtime.
/// Empty if there is no such call, or none any more.
#[derive(Debug)]
#[must_use = "an answer nobody waits for is lost"]
pub struct Reply<T>(oneshot::Receiver<T>);

impl<T> Reply<T> {
    /// Blocks until the answer is there. Not for the threads of an asynchronous runtime.
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub fn wait(self) -> Option<T> {
        self.0.blocking_recv().ok()
    }
}

impl<T> Future for Reply<T> {
    type Output = Option<T>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(cx).map(Result::ok)
    }
}

/// Tells that both legs of a call exist: a future, or [`Armed::wait`]. Dropping it does no harm.
#[derive(Debug)]
pub struct Armed(oneshot::Receiver<()>);

impl Armed {
    /// Blocks until the legs exist.
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub fn wait(self) {
        let _ = self.0.blocking_recv();
    }
}

impl Future for Armed {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

impl MediaEngine {
    /// Binds the ports and starts the threads. `events` is called from them: it must neither block, since packets wait for it, nor
    /// panic, since that would end the thread and all its calls.
    ///
    /// # Errors
    /// [`MediaError`]; nothing is left running then.
    pub fn start(
        config: MediaConfig,
        events: impl Fn(MediaEvent) + Send + Sync + 'static,
    ) -> Result<MediaEngine, MediaError> {
        let system = |what| move |source| MediaError::System { what, source };
        getrandom::fill(&mut [0; 8]).map_err(|e| system("random numbers")(e.into()))?;
        let identity = Identity::generate()?;
        let sink: Arc<Sink> = Arc::new(events);
        let limits = Limits {
            start: config.start_timeout,
            silence: config.silence_timeout,
            tell_steps: config.tell_steps,
        };
        let count = match config.workers {
            // Not more than there are ports to give.
            0 => {
                let cores = thread::available_parallelism().map_or(1, usize::from);
                let ports = match *config.ports.start() {
                    0 => cores,
                    _ => config.ports.len().max(1),
                };
                cores.min(ports)
            }
            n => n,
        };
        let mut workers = Vec::with_capacity(count);
        let mut ready = Vec::with_capacity(count);
        for number in 0..count {
            let (net, address) = Net::bind(&config, number)?;
            let (waker, end) = Waker::pair().map_err(system("a wake-up channel"))?;
            let (commands, receiver) = mpsc::channel();
            let sink = Arc::clone(&sink);
            ready.push(Worker::new(
                net,
                end,
                receiver,
                identity.clone(),
                sink,
                limits,
                config.max_rest,
            ));
            workers.push(Handle {
                commands,
                waker,
                address,
                calls: AtomicUsize::new(0),
            });
        }
        let (ears, jobs) = mpsc::channel::<Job>();
        let shared = Arc::new(Shared {
            workers,
            fingerprint: identity.fingerprint,
            homes: Mutex::default(),
            threads: Mutex::default(),
            ears,
            turn: AtomicUsize::new(0),
        });
        // Dropped on an error below, this tells the threads started so far to stop.
        let engine = MediaEngine(shared);
        for (number, worker) in ready.into_iter().enumerate() {
            let thread = thread::Builder::new()
                .name(format!("ahoy-media-{number}"))
                .spawn(move || worker.run())
                .map_err(system("a thread"))?;
            engine.threads().push(thread);
        }
        thread::Builder::new()
            .name("ahoy-ears".to_owned())
            .spawn(move || jobs.into_iter().for_each(|job| job()))
            .map_err(system("a thread"))?;
        Ok(engine)
    }

    /// Draws up both legs of a call on the least loaded worker. Touches no worker; there is nothing to release if it is not used.
    pub fn plan(&self) -> CallPlan {
        let workers = &self.0.workers;
        // Planned but unarmed calls are not counted, so equal workers take turns.
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let load = |number: usize| workers.get(number).map(|w| w.calls.load(Ordering::Relaxed));
        let worker = (0..workers.len())
            .map(|i| (turn + i) % workers.len())
            .min_by_key(|number| load(*number))
            .unwrap_or(0);
        let address = workers
            .get(worker)
            .map_or(WorkerAddress { v4: None, v6: None }, |w| w.address);
        CallPlan {
            worker,
            business: LegPlan::draw(address, self.0.fingerprint),
            user: LegPlan::draw(address, self.0.fingerprint),
        }
    }

    /// The SHA-256 fingerprint of the engine's one certificate (ECDSA P-256).
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The advertised addresses, one entry a worker.
    pub fn addresses(&self) -> Vec<WorkerAddress> {
        self.0.workers.iter().map(|worker| worker.address).collect()
    }

    /// Brings both legs into being: once the answer is there, STUN and DTLS are answered.
    pub fn arm(&self, bridge: BridgeId, setup: CallSetup) -> Armed {
        let (armed, reply) = oneshot::channel();
        let number = setup.plan.worker;
        let Some(worker) = self.0.workers.get(number) else {
            tracing::error!(%bridge, number, "a call was armed by the plan of another engine");
            return Armed(reply);
        };
        match self.homes().entry(bridge) {
            Entry::Vacant(home) => home.insert(number),
            Entry::Occupied(_) => {
                tracing::error!(%bridge, "a call was armed twice; the first one stays");
                return Armed(reply);
            }
        };
        worker.calls.fetch_add(1, Ordering::Relaxed);
        worker.send(Command::Arm {
            bridge,
            setup: Box::new(setup),
            armed,
        });
        Armed(reply)
    }

    /// Gives what the peer's session description says. The same one again does nothing; another one after the keys are in use
    /// changes payload types alone.
    pub fn set_remote(&self, bridge: BridgeId, side: Side, remote: RemoteLeg) {
        self.send(
            bridge,
            Command::SetRemote {
                bridge,
                side,
                remote,
            },
        );
    }

    /// Lets things go wrong between the relay and the business, as the sandbox asks for it. What was asked for before stays;
    /// of two shares or delays the larger counts.
    pub fn put_under(&self, bridge: BridgeId, faults: MediaFaults) {
        let faults = Box::new(faults);
        self.send(bridge, Command::PutUnder { bridge, faults });
    }

    /// Accept: audio flows from now on, both ways, and the watchdogs start.
    pub fn open_gate(&self, bridge: BridgeId) {
        self.send(bridge, Command::OpenGate { bridge });
    }

    /// The side that was called took the call. The gate may open later, when the media of both is up. Only the report tells of it.
    pub fn answered(&self, bridge: BridgeId, side: Side) {
        let event = TimelineEvent::Answered { side };
        self.send(bridge, Command::Note { bridge, event });
    }

    /// Signalling has ended the call for this reason; [`MediaEngine::close`] is to follow. Only the report tells of it.
    pub fn ended(&self, bridge: BridgeId, reason: EndReason) {
        let event = TimelineEvent::Ended { reason };
        self.send(bridge, Command::Note { bridge, event });
    }

    /// Changes the network between a peer and the relay from now on; `None` takes it away. What is on its way arrives.
    pub fn set_network(&self, bridge: BridgeId, side: Side, network: Option<LegNetwork>) {
        self.send(
            bridge,
            Command::SetNetwork {
                bridge,
                side,
                network,
            },
        );
    }

    /// The user presses keys: telephone events towards the business, after accept.
    pub fn send_digits(&self, bridge: BridgeId, digits: Vec<Digit>) {
        self.send(bridge, Command::Press { bridge, digits });
    }

    /// Ends the call; [`MediaEvent::Closed`] follows with its report.
    pub fn close(&self, bridge: BridgeId) {
        if let Some(worker) = self
            .homes()
            .remove(&bridge)
            .and_then(|number| self.0.workers.get(number))
        {
            worker.calls.fetch_sub(1, Ordering::Relaxed);
            worker.send(Command::Close { bridge });
        }
    }

    /// The report so far; empty if there is no such call.
    pub fn report(&self, bridge: BridgeId) -> Reply<CallReport> {
        let (reply, answer) = oneshot::channel();
        self.send(bridge, Command::Report { bridge, reply });
        Reply(answer)
    }

    /// What a simulated user has heard so far, as a WAV file of 8,000 or 48,000 samples a second. Empty if there is no
    /// such call, no simulated user, or no such rate. After the call it is in the report: [`Recording::wav`].
    pub fn heard_wav(&self, bridge: BridgeId, sample_rate: u32) -> Reply<Vec<u8>> {
        let (reply, answer) = oneshot::channel();
        let ears = self.0.ears.clone();
        let decode = move |recording: Option<Arc<Recording>>| {
            if let Some(recording) = recording {
                let job = move || {
                    if let Ok(wav) = recording.wav(sample_rate) {
                        let _ = reply.send(wav);
                    }
                };
                let _ = ears.send(Box::new(job));
            }
        };
        self.send(
            bridge,
            Command::Recording {
                bridge,
                reply: Box::new(decode),
            },
        );
        Reply(answer)
    }

    /// Figures of each worker.
    pub async fn stats(&self) -> Vec<WorkerStats> {
        let mut all = Vec::with_capacity(self.0.workers.len());
        for answer in self.ask_stats() {
            all.push(answer.await.unwrap_or_default());
        }
        all
    }

    /// The same where there is no runtime. Blocks until the workers have answered.
    pub fn stats_blocking(&self) -> Vec<WorkerStats> {
        self.ask_stats()
            .into_iter()
            .map(|answer| answer.wait().unwrap_or_default())
            .collect()
    }

    fn ask_stats(&self) -> Vec<Reply<WorkerStats>> {
        let ask = |worker: &Handle| {
            let (reply, answer) = oneshot::channel();
            worker.send(Command::Stats { reply });
            Reply(answer)
        };
        self.0.workers.iter().map(ask).collect()
    }

    /// Closes what is left, with its events, and ends the threads. Returns when they have ended, unless called from one of them.
    pub fn shutdown(&self) {
        self.0
            .workers
            .iter()
            .for_each(|worker| worker.send(Command::Stop));
        let threads = std::mem::take(&mut *self.threads());
        for thread in threads {
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a media thread panicked");
            }
        }
        self.homes().clear();
    }

    fn send(&self, bridge: BridgeId, command: Command) {
        let number = self.homes().get(&bridge).copied();
        if let Some(worker) = number.and_then(|number| self.0.workers.get(number)) {
            worker.send(command);
        }
    }
    fn homes(&self) -> MutexGuard<'_, HashMap<BridgeId, usize>> {
        self.0.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.workers
            .iter()
            .for_each(|worker| worker.send(Command::Stop));
    }
}

impl std::fmt::Debug for MediaEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaEngine")
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}
