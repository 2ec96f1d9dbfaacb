//! Message templates and uploaded media.

use super::view::View;
use crate::{TemplateRows, TemplateTx};

impl TemplateRows for View<'_> {}

impl TemplateTx for View<'_> {}
