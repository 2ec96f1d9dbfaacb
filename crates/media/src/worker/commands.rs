//! What the outside asks for, between two looks at the sockets.

use std::sync::mpsc::TryRecvError;
use std::time::Instant;

use super::{Worker, call, cx};
use crate::book::LegKey;
use crate::call::Call;
use crate::command::Command;
use crate::cx::Cx;
use crate::{BridgeId, CallSetup, MediaEvent, Side};

/// Commands served between two looks at the sockets, so that a thousand new calls make no gap in the running ones.
const COMMANDS_A_ROUND: usize = 64;

/// What became of the commands waiting.
pub(super) enum Served {
    All,
    Some,
    Stop,
}

impl Worker {
    pub(super) fn serve_commands(&mut self) -> Served {
        for _ in 0..COMMANDS_A_ROUND {
            match self.commands.try_recv() {
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return Served::Stop,
                Ok(command) => self.on_command(command, Instant::now()),
                Err(TryRecvError::Empty) => return Served::All,
            }
        }
        Served::Some
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Arm {
                bridge,
                setup,
                armed,
            } => {
                self.arm(bridge, *setup, now);
                // Nobody may be waiting any more.
                let _ = armed.send(());
            }
            Command::SetRemote {
                bridge,
                side,
                remote,
            } => {
                let gone = self.with(bridge, |call, cx| call.set_remote(side, remote, cx), now);
                if let Some(call) = self.by_bridge.get(&bridge).copied() {
                    for address in gone.unwrap_or_default() {
                        self.book.remove(address, LegKey { call, side });
                    }
                }
            }
            Command::PutUnder { bridge, faults } => {
                self.with(bridge, |call, cx| call.put_under(&faults, cx), now);
            }
            Command::Note { bridge, event } => {
                self.with(bridge, |call, cx| call.note(event, cx), now);
            }
            Command::OpenGate { bridge } => {
                self.with(bridge, |call, cx| call.open_gate(cx), now);
                self.start_ticks(bridge);
            }
            Command::SetNetwork {
                bridge,
                side,
                network,
            } => {
                self.with(
                    bridge,
                    |call, cx| call.set_network(side, network.as_ref(), cx),
                    now,
                );
            }
            Command::Press { bridge, digits } => {
                let idle = self.with(bridge, |call, _| !call.wants_ticks(), now) == Some(true);
                self.with(bridge, |call, _| call.press(digits), now);
                if idle {
                    self.start_ticks(bridge);
                }
            }
            Command::Close { bridge } => self.close(bridge, now),
            Command::Report { bridge, reply } => {
                let call = self.by_bridge.get(&bridge).copied();
                if let Some(call) = call.and_then(|number| call!(self, number)) {
                    let _ = reply.send(call.report(false, now, self.strays.all()));
                }
            }
            Command::Recording { bridge, reply } => {
                let recording = self.with(bridge, |call, _| call.recording(), now).flatten();
                reply(recording);
            }
            Command::Stats { reply } => {
                let _ = reply.send(self.stats());
            }
            Command::Stop => {}
        }
    }

    fn with<T>(
        &mut self,
        bridge: BridgeId,
        step: impl FnOnce(&mut Call, &mut Cx<'_>) -> T,
        now: Instant,
    ) -> Option<T> {
        let number = *self.by_bridge.get(&bridge)?;
        let done = step(call!(self, number)?, cx!(self, now));
        self.schedule(number);
        Some(done)
    }

    fn start_ticks(&mut self, bridge: BridgeId) {
        let Some(number) = self.by_bridge.get(&bridge).copied() else {
            return;
        };
        if call!(self, number).is_some_and(|call| call.wants_ticks()) {
            self.wheel.remove(number);
            self.wheel.insert(number);
        }
    }

    fn arm(&mut self, bridge: BridgeId, setup: CallSetup, now: Instant) {
        let taken = Side::BOTH
            .iter()
            .any(|side| self.by_ufrag.contains_key(&setup.plan.leg(*side).ufrag));
        if taken || self.by_bridge.contains_key(&bridge) {
            tracing::error!(%bridge, "a call was armed twice; the first one stays");
            return;
        }
        let mut call = Box::new(Call::new(bridge, setup, self.limits, now));
        let cx: &Cx<'_> = cx!(self, now);
        call.tell_steps(cx);
        let number = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            (self.calls.len() - 1) as u32
        });
        for leg in call.legs() {
            self.by_ufrag.insert(
                leg.ufrag.clone(),
                LegKey {
                    call: number,
                    side: leg.side,
                },
            );
        }
        self.by_bridge.insert(bridge, number);
        if let Some(slot) = self.calls.get_mut(number as usize) {
            *slot = Some(call);
        }
    }

    fn close(&mut self, bridge: BridgeId, now: Instant) {
        let Some(number) = self.by_bridge.remove(&bridge) else {
            return;
        };
        let Some(mut call) = self.calls.get_mut(number as usize).and_then(Option::take) else {
            return;
        };
        call.leave(cx!(self, now));
        for leg in call.legs() {
            let key = LegKey {
                call: number,
                side: leg.side,
            };
            self.by_ufrag.remove(&leg.ufrag);
            leg.known()
                .for_each(|address| self.book.remove(address, key));
        }
        self.wheel.remove(number);
        self.schedule(number);
        self.free.push(number);
        let report = call.report(true, now, self.strays.all());
        tracing::debug!(%bridge, verdict = report.verdict, "media closed");
        (self.sink)(MediaEvent::Closed { bridge, report });
    }

    pub(super) fn stop(mut self) {
        let now = Instant::now();
        let bridges: Vec<BridgeId> = self.by_bridge.keys().copied().collect();
        bridges
            .into_iter()
            .for_each(|bridge| self.close(bridge, now));
        self.net.flush();
    }
}
