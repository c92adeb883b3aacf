//! Identifiers in lower-case hexadecimal digits (REL-45): a client id of 26, a secret of 40.

use domain::{Fault, Instance, Plain};

/// 104 random bits.
pub(super) fn client_id(instance: &Instance) -> Result<String, Fault> {
    Ok(spelled(&instance.vault().random_bytes::<13>()?))
}

/// 160 random bits.
pub(super) fn secret(instance: &Instance) -> Result<Plain, Fault> {
    Ok(Plain::new(spelled(&instance.vault().random_bytes::<20>()?)))
}

fn spelled(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
