//! A story's world: one machine, one disk, the receivers, and the platform of the present life.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_calling::Call;
use ahoy_platform::{Caller, Host, PhoneEvent, PhoneHandle, Platform, Seed};
use ahoy_store::{Reader, Rows};
use ahoy_types::{AppId, CallId, Direction, PhoneNumberId, RuleTime, WaId};

use crate::account::config;
use crate::act::NUMBERS;
use crate::breach::{Breach, Held, Promise};
use crate::check::LATE;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::machine::{Machine, lock};
use crate::mutation::{Mutation, Plant};
use crate::power::{Power, Wired};
use crate::receiver::Receivers;

/// The apps that receive webhooks.
pub const RECEIVERS: [AppId; 2] = [AppId(900_100_200_300), AppId(900_100_200_301)];
/// The businesses' number nodes.
pub const NODES: [PhoneNumberId; NUMBERS] = [
    PhoneNumberId(710_000_000_000_001),
    PhoneNumberId(710_000_000_000_002),
];
/// The longest an act may take, beyond what it says itself.
const PATIENCE: Duration = Duration::from_secs(3 * 3_600);

/// A user's number.
pub const fn wa_id(user: usize) -> WaId {
    WaId::from_u64(447_700_900_001 + user as u64)
}

/// What is known of a call without asking the platform.
#[derive(Debug, Clone)]
pub struct Known {
    /// The call.
    pub id: CallId,
    /// Whose.
    pub user: WaId,
    /// Whose.
    pub number: PhoneNumberId,
    /// Who called.
    pub direction: Direction,
    /// Rule time when it was acknowledged.
    pub placed_at: RuleTime,
    /// Accepts and answers that were acknowledged.
    pub takes: u32,
    /// Acts that ended it and were acknowledged.
    pub ends: u32,
    /// Whether it was declined before it was taken.
    pub declined: bool,
    /// The row when it was last looked at.
    pub row: Option<Call>,
}

/// Everything of one story.
pub struct World {
    pub(crate) machine: Arc<Machine>,
    pub(crate) power: Arc<Power>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) calls: Vec<Known>,
    /// Pairs whose user took the permission back, and nothing since could have given it anew.
    pub(crate) denied: BTreeSet<(usize, usize)>,
    pub(crate) phones: BTreeMap<usize, PhoneHandle>,
    pub(crate) disk: Disk,
    life: Option<Life>,
    pub(crate) mutation: Option<&'static Mutation>,
    /// What happened, for the reader; `None` where nobody reads it.
    story: Option<Vec<String>>,
    digest: u64,
    /// The next crash is followed by another one while the platform recovers.
    pub(crate) crash_twice: bool,
    /// Rule time when everything was looked at last.
    pub(crate) last_commit: Option<RuleTime>,
    breath: Dice,
    /// How late a timer may be.
    pub(crate) patience: Duration,
}

struct Life {
    platform: Platform,
    caller: Caller,
    reader: Box<dyn Reader>,
}

impl World {
    /// The beginning of a story on this empty disk.
    ///
    /// # Errors
    /// The platform does not start, or a planted bug does not fit the schema.
    pub fn new(
        seed: u64,
        disk: Disk,
        mutation: Option<&'static Mutation>,
        tell: bool,
    ) -> Held<Self> {
        let power = Arc::new(Power::default());
        let bug = match mutation.map(|mutation| mutation.plant) {
            Some(Plant::Edge(bug)) => Some(bug),
            _ => None,
        };
        let mut world = Self {
            machine: Machine::new(seed, power.clone()),
            power,
            receivers: Arc::new(Receivers::new(seed, bug)),
            calls: Vec::new(),
            denied: BTreeSet::new(),
            phones: BTreeMap::new(),
            disk,
            life: None,
            mutation,
            story: tell.then(Vec::new),
            digest: 0xcbf2_9ce4_8422_2325,
            crash_twice: false,
            last_commit: None,
            breath: Dice::new(seed, 5),
            patience: LATE,
        };
        world.add_receiver()?;
        world.start()?;
        world.settle_down()?;
        if let Some(Mutation {
            plant: Plant::Store(sql),
            ..
        }) = mutation
        {
            world.disk.plant(sql)?;
        }
        Ok(world)
    }

    /// Something happened: it goes into the digest, and into the story if that is told.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        self.fold(&line);
        let at = self.machine.now();
        if let Some(story) = &mut self.story {
            story.push(format!("{:>10.3} s  {line}", at.as_secs_f64()));
        }
    }

    /// Into the digest alone.
    pub(crate) fn fold(&mut self, text: &str) {
        for byte in text.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The story so far.
    pub fn story(&mut self) -> Vec<String> {
        self.story.take().unwrap_or_default()
    }

    /// A number that two runs of the same story share.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The platform that runs.
    pub(crate) fn platform(&self) -> Held<Platform> {
        let life = self.life.as_ref();
        life.map(|life| life.platform.clone())
            .ok_or_else(|| Breach::new(Promise::NothingBreaks, "no platform runs"))
    }

    pub(crate) fn caller(&self) -> Held<Caller> {
        let life = self.life.as_ref();
        life.map(|life| life.caller.clone())
            .ok_or_else(|| Breach::new(Promise::NothingBreaks, "no platform runs"))
    }

    /// Looks at what is committed.
    pub(crate) fn look<T>(
        &mut self,
        look: impl FnOnce(&mut dyn Rows) -> ahoy_store::Result<T>,
    ) -> Held<T> {
        let Some(life) = &mut self.life else {
            return Err(Breach::new(Promise::NothingBreaks, "no platform runs"));
        };
        let (mut look, mut found) = (Some(look), None);
        life.reader.read(&mut |rows| {
            if let Some(look) = look.take() {
                found = Some(look(rows)?);
            }
            Ok(())
        })?;
        found.ok_or_else(|| Breach::new(Promise::NothingBreaks, "the reader did not run"))
    }

    /// Rule time.
    pub(crate) fn rule_now(&self) -> Held<RuleTime> {
        Ok(self.platform()?.clock().now())
    }

    /// Begins a task whose answer comes into the slot.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Slot<T> {
        let slot: Slot<T> = Arc::default();
        let answer = slot.clone();
        self.machine.spawn(Box::pin(async move {
            let found = task.await;
            *lock(&answer) = Some(found);
        }));
        slot
    }

    /// Runs until `done`; `false` if the power went first.
    pub(crate) fn until(&self, done: impl Fn() -> bool) -> Held<bool> {
        let patience = self.machine.now() + PATIENCE;
        loop {
            self.machine.run();
            if done() {
                return Ok(true);
            }
            if self.power.is_cut() {
                return Ok(false);
            }
            if !self.machine.wake_next(patience) {
                return Err(Breach::new(
                    Promise::NothingHangs,
                    "an answer never came, and nothing is under way that could bring it",
                ));
            }
        }
    }

    /// The answer of a task; `None` if the power went before.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Held<Option<T>> {
        let slot = self.begin(task);
        self.until(|| lock(&slot).is_some())?;
        Ok(lock(&slot).take())
    }

    pub(crate) fn authenticate(&mut self) -> Held {
        let caller = self.platform()?.authenticate(&Seed::default().token);
        match (caller, &mut self.life) {
            (Ok(caller), Some(life)) => {
                life.caller = caller;
                Ok(())
            }
            (Err(e), _) => Err(Breach::new(Promise::NothingBreaks, e.to_string())),
            (Ok(_), None) => Ok(()),
        }
    }

    /// A process starts on what is on the disk. `false` if the power went while it did.
    pub(crate) fn start(&mut self) -> Held<bool> {
        let store = self.disk.open()?;
        let reader = store.reader()?;
        let wired = Box::new(Wired {
            store,
            power: self.power.clone(),
        });
        let host: Arc<dyn Host> = self.machine.clone();
        let started = self.ask(Platform::start_on(host, wired, config()))?;
        let (platform, jobs) = match started {
            None => return Ok(false),
            Some(Ok(started)) => started,
            Some(Err(_)) if self.power.is_cut() => return Ok(false),
            Some(Err(e)) => {
                return Err(Breach::new(
                    Promise::SurvivesCrash,
                    format!("the platform does not start: {e}"),
                ));
            }
        };
        let serve = self
            .receivers
            .clone()
            .serve(self.machine.clone(), platform.clone(), jobs);
        self.machine.spawn(Box::pin(serve));
        let first = RECEIVERS[0];
        self.life = Some(Life {
            platform,
            caller: Caller {
                app: first,
                business: Seed::default().business,
                scopes: Vec::new(),
                app_token: false,
                issued_at: RuleTime(0),
                expires_at: None,
                request: None,
            },
            reader,
        });
        // Before the seed is there nobody has a token.
        let _ = self.authenticate();
        Ok(true)
    }

    /// The process is gone, and all it knew.
    pub(crate) fn die(&mut self) -> Held {
        self.phones.clear();
        self.life = None;
        self.machine.kill();
        self.power.restore();
        if let Some(Mutation {
            plant: Plant::AtCrash(sql),
            ..
        }) = self.mutation
        {
            self.disk.plant(sql)?;
        }
        Ok(())
    }

    /// Every row, without the clock's mark. Nobody has the disk open.
    pub(crate) fn dump(&self) -> Held<String> {
        let all = self.disk.dump()?;
        let lines = all.lines().filter(|line| !line.starts_with("clock|"));
        Ok(lines.fold(String::new(), |text, line| text + line + "\n"))
    }

    /// A moment passes between two acts, or none.
    pub(crate) fn breathe(&mut self) {
        let ms = match self.breath.below(3) {
            0 => 0,
            _ => self.breath.below(90),
        };
        self.machine.pass(Duration::from_millis(ms));
    }

    /// What real phones were told: those that ring say so.
    pub(crate) fn phones_react(&mut self) -> Held {
        let platform = self.platform()?;
        for phone in self.phones.values_mut() {
            while let Ok(event) = phone.events.try_recv() {
                if let PhoneEvent::Ring { call_id, .. } = event {
                    let platform = platform.clone();
                    let rings = async move {
                        // The call may have gone another way meanwhile.
                        let _ = platform.user_rings(&call_id).await;
                    };
                    self.machine.spawn(Box::pin(rings));
                }
            }
        }
        self.machine.run();
        Ok(())
    }
}

/// Where an answer will be.
pub(crate) type Slot<T> = Arc<Mutex<Option<T>>>;
