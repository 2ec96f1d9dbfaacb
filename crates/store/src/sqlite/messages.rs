//! Messages, their cards and the media they carry.

use super::view::View;
use crate::{MessageRows, MessageTx};

impl MessageRows for View<'_> {}

impl MessageTx for View<'_> {}
