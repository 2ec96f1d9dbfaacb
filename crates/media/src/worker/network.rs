//! Packets that come out of an emulated network.

use std::time::Instant;

use super::{Worker, call, cx};
use crate::BridgeId;
use crate::cx::Cx;
use crate::network::held::{Arrived, Way};

impl Worker {
    /// Hands on what has arrived by now.
    pub(super) fn serve_held(&mut self, now: Instant) {
        let until = self.epoch.since(now);
        while let Some(arrived) = self.held.pop(until) {
            self.hand_on(&arrived, now);
            self.held.recycle(arrived);
        }
    }

    /// A call that has ended meanwhile gets nothing.
    fn hand_on(&mut self, arrived: &Arrived, now: Instant) {
        match arrived.way {
            Way::Wire { to } => {
                self.net.send_bytes(to, &arrived.bytes);
            }
            Way::Relay {
                bridge,
                side,
                content,
                fields,
            } => {
                let Some(number) = self.number_of(bridge) else {
                    return;
                };
                if let Some(call) = call!(self, number) {
                    call.arrived(side, content, &fields, &arrived.bytes, cx!(self, now));
                }
            }
            Way::Ear {
                bridge,
                media,
                marker,
                stamp,
            } => {
                let Some(number) = self.number_of(bridge) else {
                    return;
                };
                if let Some(call) = call!(self, number) {
                    call.heard(media, marker, stamp, &arrived.bytes, cx!(self, now));
                }
            }
        }
    }

    fn number_of(&self, bridge: BridgeId) -> Option<u32> {
        self.by_bridge.get(&bridge).copied()
    }
}
