//! The platform under virtual time, on one thread, from one seed: invented receivers, users and media, random acts, faults and
//! crashes, held against what was promised.
//!
//! The ledger, the rules, the scheduler, the outbox and the recovery are production's own, run by their own tasks; only the
//! [machine](machine::Machine) underneath is invented. Of Tokio there are channels and nothing that runs: no runtime, no
//! thread, no clock.

pub mod account;
pub mod act;
pub mod breach;
mod calls;
mod check;
mod count;
pub mod dice;
pub mod disk;
pub mod draw;
mod lives;
pub mod machine;
pub mod media;
pub mod mutation;
pub mod order;
mod play;
pub mod power;
pub mod receiver;
pub mod run;
pub mod shrink;
pub mod world;

pub use act::Act;
pub use breach::{Breach, Promise};
pub use mutation::{MUTATIONS, Mutation};
pub use run::{On, Outcome, Wish, play, story_of};
pub use shrink::shrink;
