//! Making secrets, and telling by their shape alone what cannot be one.
//!
//! `mcs_` and 48 URL-safe characters: 32 random bytes and a checksum over prefix and bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{Made, NewSecret, PREFIX, Secret, Stored};
use crate::{Call, Fault, Plain, Work, id};

/// Makes the first secret of a client.
pub(in crate::clients) fn prepare(
    work: &Work,
    call: &Call,
    new: NewSecret,
) -> Result<Option<Made>, Fault> {
    match new {
        NewSecret::None => Ok(None),
        NewSecret::Generated => generate(work, call, "First secret".into()).map(Some),
        NewSecret::Given(plain) => brought(work, call, plain, "First secret".into()).map(Some),
    }
}

/// A secret that somebody brought, not stored yet.
pub(super) fn brought(
    work: &Work,
    call: &Call,
    plain: Plain,
    label: String,
) -> Result<Made, Fault> {
    let end = plain.reveal().len().saturating_sub(4);
    let hint = format!("…{}", plain.reveal().get(end..).unwrap_or_default());
    made(work, call, plain, label, hint)
}

/// Makes a secret that is not stored yet.
pub(super) fn generate(work: &Work, call: &Call, label: String) -> Result<Made, Fault> {
    let random = work.instance.chance.bytes::<32>()?;
    let mut body = [0; 36];
    body[..32].copy_from_slice(&random);
    body[32..].copy_from_slice(&checksum(&random));
    let text = format!("{PREFIX}{}", BASE64.encode(body));
    let hint = format!("{PREFIX}…{}", &text[text.len() - 4..]);
    made(work, call, Plain::new(text), label, hint)
}

fn made(
    work: &Work,
    call: &Call,
    plain: Plain,
    label: String,
    hint: String,
) -> Result<Made, Fault> {
    let id = id::text(&work.instance.chance, "sec_")?;
    let (hash, key_id) = work.instance.vault.hash_secret(plain.reveal());
    let stored = Stored {
        id: id.clone(),
        created_at: call.now,
        expires_at: None,
        retired_at: None,
        hash,
        key_id: key_id.to_owned(),
    };
    let secret = Secret {
        id,
        label,
        hint,
        created_at: call.now,
        created_by: call.actor.name(),
        expires_at: None,
        retired_at: None,
        last_used_at: None,
        last_used_address: None,
        late_used_at: None,
        late_used_address: None,
    };
    Ok(Made { stored, secret, plain })
}

fn checksum(random: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(PREFIX.as_bytes());
    hasher.update(random);
    hasher.finalize().to_be_bytes()
}

/// Does it have the shape and checksum of a secret that a server like this one made?
pub(super) fn is_well_formed(text: &str) -> bool {
    let body = text.strip_prefix(PREFIX).filter(|body| body.len() == 48);
    let bytes = body.and_then(|body| BASE64.decode(body).ok());
    bytes.is_some_and(|bytes| bytes.len() == 36 && checksum(&bytes[..32]) == bytes[32..])
}
