//! What the sample application shows, as plain data.
