//! Message templates and uploaded media.

/// Reading them.
pub trait TemplateRows {}

/// Writing them.
pub trait TemplateTx: TemplateRows {}
