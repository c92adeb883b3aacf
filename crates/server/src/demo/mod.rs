//! The sample application that `mandate demo` serves beside the server. It is an ordinary
//! client: it knows nothing of Mandate but its metadata.

pub mod views;
