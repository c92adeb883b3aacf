//! The vault: everything that is done under the master key.
//!
//! One 32-byte master key (a list, newest first, while it is being replaced) gives subkeys by
//! HKDF-SHA-256, one for each purpose. What is stored carries the id of its key. The vault knows
//! no table and keeps no secret of anybody else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::{Chance, Fault, text};

/// What a token is for. The kind is part of every MAC, so that one is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `mat_…`
    Access,
    /// `mrt_…`
    Refresh,
    /// `mac_…`: an authorization code.
    Code,
    /// `mss_…`: a browser session.
    Session,
    /// `mlk_…`: a one-time link.
    Link,
}

impl Kind {
    /// The prefix by which people and secret scanners know it.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Access => "mat_",
            Self::Refresh => "mrt_",
            Self::Code => "mac_",
            Self::Session => "mss_",
            Self::Link => "mlk_",
        }
    }
}

/// The master keys, newest first. Their bytes have no `Debug`.
#[derive(Clone)]
pub struct MasterKeys(Vec<[u8; 32]>);

impl MasterKeys {
    /// Reads a comma list of 32-byte keys in base64url.
    ///
    /// # Errors
    /// One sentence that says which entry is wrong, never the entry itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (n, part) in text.split(',').map(str::trim).enumerate() {
            let bytes = BASE64.decode(part.trim_end_matches('=')).map_err(|_| ());
            let key = bytes.and_then(|b| <[u8; 32]>::try_from(b).map_err(|_| ()));
            match key {
                Ok(key) => keys.push(key),
                Err(()) => return Err(format!("entry {} is not 32 bytes in base64url", n + 1)),
            }
        }
        Ok(Self(keys))
    }

    /// A fresh key, and the text to keep it by.
    ///
    /// # Errors
    /// When there are no random bytes to be had.
    pub fn generate(chance: &Chance) -> Result<(Self, String), Fault> {
        let key = chance.bytes::<32>()?;
        Ok((Self(vec![key]), BASE64.encode(key)))
    }
}

/// The subkeys of one master key.
struct Keyring {
    id: String,
    sealing: LessSafeKey,
    secrets: hmac::Key,
    id_encrypt: EncryptingKey,
    id_decrypt: DecryptingKey,
    tokens: hmac::Key,
    browser: hmac::Key,
}

/// Seals, opens, makes and checks under the master keys.
pub struct Vault {
    rings: Vec<Keyring>,
    chance: Chance,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("keys", &self.rings.len()).finish_non_exhaustive()
    }
}

/// What a token said of itself once its checksum held; not yet that it is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The row's key.
    pub id: i64,
    /// Eight more bytes: random for most kinds, the generation for refresh tokens.
    pub extra: u64,
    ring: usize,
    block: [u8; 16],
    tag: [u8; 16],
    kind: Kind,
}

impl Vault {
    /// Derives the subkeys.
    ///
    /// # Errors
    /// When no key was given or the library refuses one.
    pub fn new(keys: &MasterKeys, chance: Chance) -> Result<Self, Fault> {
        if keys.0.is_empty() {
            return Err(Fault::Broken("there is no master key".into()));
        }
        let rings = keys.0.iter().map(Keyring::derive).collect::<Result<_, _>>()?;
        Ok(Self { rings, chance })
    }

    /// The id of the key that new values are made under.
    pub fn key_id(&self) -> &str {
        &self.rings[0].id
    }

    /// Do we hold the key with this id?
    pub fn holds(&self, key_id: &str) -> bool {
        self.rings.iter().any(|r| r.id == key_id)
    }

    /// Encrypts `plain` for `purpose`. The result names its key.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let ring = &self.rings[0];
        let nonce = self.chance.bytes::<12>()?;
        let mut body = plain.to_vec();
        ring.sealing
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut body,
            )
            .map_err(|_| Fault::Broken("sealing failed".into()))?;
        let mut out = Vec::with_capacity(8 + 12 + body.len());
        out.extend_from_slice(ring.id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Decrypts what [`Vault::seal`] made for the same purpose; `None` for anything else.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, rest) = sealed.split_at_checked(8)?;
        let (nonce, body) = rest.split_at_checked(12)?;
        let ring = self.rings.iter().find(|r| r.id.as_bytes() == id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = ring.sealing.open_in_place(nonce, Aad::from(purpose), &mut body).ok()?;
        Some(plain.to_vec())
    }

    /// [`Vault::seal`] as URL-safe text.
    pub fn seal_text(&self, purpose: &str, plain: &[u8]) -> Result<String, Fault> {
        Ok(BASE64.encode(self.seal(purpose, plain)?))
    }

    /// [`Vault::open`] of URL-safe text.
    pub fn open_text(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.open(purpose, &BASE64.decode(sealed).ok()?)
    }

    /// The stored form of a secret of full entropy, and the id of the key it was made under.
    pub(crate) fn hash_secret(&self, secret: &str) -> (Vec<u8>, &str) {
        let ring = &self.rings[0];
        (hmac::sign(&ring.secrets, secret.as_bytes()).as_ref().to_vec(), &ring.id)
    }

    /// Is `secret` what `hash` was made of? In constant time.
    pub(crate) fn secret_matches(&self, secret: &str, hash: &[u8], key_id: &str) -> bool {
        let ring = self.rings.iter().find(|r| r.id == key_id);
        ring.is_some_and(|r| hmac::verify(&r.secrets, secret.as_bytes(), hash).is_ok())
    }

    /// A MAC that binds a form or a sealed request to a browser.
    pub fn browser_mac(&self, purpose: &str, value: &str) -> String {
        let text = format!("{purpose}\0{value}");
        BASE64.encode(&hmac::sign(&self.rings[0].browser, text.as_bytes()).as_ref()[..24])
    }

    /// Was `mac` made by [`Vault::browser_mac`] under any key we hold?
    pub fn browser_mac_matches(&self, purpose: &str, value: &str, mac: &str) -> bool {
        let text = format!("{purpose}\0{value}");
        self.rings.iter().any(|ring| {
            let want = BASE64.encode(&hmac::sign(&ring.browser, text.as_bytes()).as_ref()[..24]);
            constant_time::verify_slices_are_equal(want.as_bytes(), mac.as_bytes()).is_ok()
        })
    }

    /// Eight random bytes, for [`Vault::make`].
    pub(crate) fn draw(&self) -> Result<u64, Fault> {
        Ok(u64::from_be_bytes(self.chance.bytes::<8>()?))
    }

    /// Random text of `N` bytes in base64url.
    pub fn random_text<const N: usize>(&self) -> Result<String, Fault> {
        Ok(BASE64.encode(self.chance.bytes::<N>()?))
    }

    /// Random bytes, to be spelled in another way.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        self.chance.bytes::<N>()
    }

    /// A token of 48 characters behind its prefix: the enciphered id and extra, a MAC over them
    /// and `seed`, and a checksum. The same inputs make the same token.
    pub(crate) fn make(
        &self,
        kind: Kind,
        id: i64,
        extra: u64,
        seed: &[u8],
    ) -> Result<String, Fault> {
        let ring = &self.rings[0];
        let block = ring.encipher(id, extra)?;
        let tag = ring.tag(kind, &block, seed);
        let mut body = [0; 36];
        body[..16].copy_from_slice(&block);
        body[16..32].copy_from_slice(&tag);
        let sum = checksum(kind, &body[..32]);
        body[32..].copy_from_slice(&sum);
        let mut token = String::with_capacity(52);
        token.push_str(kind.prefix());
        BASE64.encode_string(body, &mut token);
        Ok(token)
    }

    /// Reads a token of this kind: prefix, length and checksum must hold. No database is asked.
    pub(crate) fn read(&self, kind: Kind, token: &str) -> Option<Opened> {
        let text = token.strip_prefix(kind.prefix())?;
        let mut body = [0; 36];
        if text.len() != 48 || BASE64.decode_slice(text, &mut body).ok()? != 36 {
            return None;
        }
        let (block, tag) =
            (<[u8; 16]>::try_from(&body[..16]).ok()?, <[u8; 16]>::try_from(&body[16..32]).ok()?);
        if checksum(kind, &body[..32]) != body[32..] {
            return None;
        }
        let (id, extra) = self.rings[0].decipher(&block)?;
        Some(Opened { id, extra, ring: 0, block, tag, kind })
    }

    /// The readings of the same token under older master keys, for when the newest finds nothing.
    pub(crate) fn read_older(&self, opened: &Opened) -> Vec<Opened> {
        let older = self.rings.iter().enumerate().skip(1);
        older
            .filter_map(|(n, ring)| {
                let (id, extra) = ring.decipher(&opened.block)?;
                Some(Opened { id, extra, ring: n, ..*opened })
            })
            .collect()
    }

    /// Is it genuine, given the seed of its row? In constant time.
    pub(crate) fn is_genuine(&self, opened: &Opened, seed: &[u8]) -> bool {
        let want = self.rings[opened.ring].tag(opened.kind, &opened.block, seed);
        constant_time::verify_slices_are_equal(&want, &opened.tag).is_ok()
    }

    /// The reading, under whichever key made it, whose MAC holds without a seed.
    pub(crate) fn read_genuine(&self, kind: Kind, token: &str) -> Option<Opened> {
        let opened = self.read(kind, token)?;
        if self.is_genuine(&opened, b"") {
            return Some(opened);
        }
        self.read_older(&opened).into_iter().find(|o| self.is_genuine(o, b""))
    }

    /// Eight bytes that follow from `seed` and `n` alone, for tokens that must be made again.
    pub(crate) fn derive(&self, seed: &[u8], n: i64) -> u64 {
        let mut input = Vec::with_capacity(seed.len() + 8);
        input.extend_from_slice(seed);
        input.extend_from_slice(&n.to_be_bytes());
        let tag = hmac::sign(&self.rings[0].tokens, &input);
        tag.as_ref()[..8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// A public name for a row that tells neither order nor volume: 22 characters.
    pub(crate) fn public_id(&self, id: i64) -> Result<String, Fault> {
        Ok(BASE64.encode(self.rings[0].encipher(id, u64::MAX)?))
    }

    /// The row's key behind a public name.
    pub(crate) fn row_id(&self, public: &str) -> Option<i64> {
        let block = <[u8; 16]>::try_from(BASE64.decode(public).ok()?).ok()?;
        self.rings.iter().find_map(|ring| match ring.decipher(&block)? {
            (id, u64::MAX) => Some(id),
            _ => None,
        })
    }
}

impl Keyring {
    fn derive(master: &[u8; 32]) -> Result<Self, Fault> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"mandate/1");
        let root = salt.extract(master);
        let subkey = |purpose: &'static str| -> Result<[u8; 32], Fault> {
            let mut key = [0; 32];
            root.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(&mut key))
                .map_err(|_| Fault::Broken("a subkey could not be derived".into()))?;
            Ok(key)
        };
        let bad = |_| Fault::Broken("a subkey was refused".to_owned());
        let cipher_key = |key: &[u8]| UnboundCipherKey::new(&AES_256, key).map_err(bad);
        let ids = subkey("token ids")?;
        let hash = digest::digest(&digest::SHA256, &subkey("key id")?);
        let id = text::hex(&hash.as_ref()[..4]);
        Ok(Self {
            id,
            sealing: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, &subkey("sealing")?).map_err(bad)?,
            ),
            secrets: hmac::Key::new(hmac::HMAC_SHA256, &subkey("client secrets")?),
            id_encrypt: EncryptingKey::ecb(cipher_key(&ids)?).map_err(bad)?,
            id_decrypt: DecryptingKey::ecb(cipher_key(&ids)?).map_err(bad)?,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &subkey("token macs")?),
            browser: hmac::Key::new(hmac::HMAC_SHA256, &subkey("browser")?),
        })
    }

    fn encipher(&self, id: i64, extra: u64) -> Result<[u8; 16], Fault> {
        let mut block = [0; 16];
        block[..8].copy_from_slice(&id.to_be_bytes());
        block[8..].copy_from_slice(&extra.to_be_bytes());
        self.id_encrypt
            .encrypt(&mut block)
            .map_err(|_| Fault::Broken("an id could not be enciphered".into()))?;
        Ok(block)
    }

    fn decipher(&self, block: &[u8; 16]) -> Option<(i64, u64)> {
        let mut block = *block;
        self.id_decrypt.decrypt(&mut block, DecryptionContext::None).ok()?;
        let (id, extra) = block.split_at(8);
        Some((i64::from_be_bytes(id.try_into().ok()?), u64::from_be_bytes(extra.try_into().ok()?)))
    }

    fn tag(&self, kind: Kind, block: &[u8; 16], seed: &[u8]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.tokens);
        context.update(kind.prefix().as_bytes());
        context.update(block);
        context.update(seed);
        let mut tag = [0; 16];
        tag.copy_from_slice(&context.sign().as_ref()[..16]);
        tag
    }
}

fn checksum(kind: Kind, body: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(kind.prefix().as_bytes());
    hasher.update(body);
    hasher.finalize().to_be_bytes()
}
