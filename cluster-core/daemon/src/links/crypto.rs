//! The keys of the links. Everything cryptographic of the daemon is here: HKDF-SHA256 and
//! AES-256-GCM of aws-lc-rs.

use super::packet::{HEADER_BYTES, TAG_BYTES};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use sha2::{Digest, Sha256};

/// What is shared by all nodes: the authkey, and whether bodies are encrypted.
pub struct Secret {
    authkey: Vec<u8>,
    pub encrypted: bool,
}

/// One direction between two lives.
pub struct Key {
    aead: LessSafeKey,
    encrypted: bool,
}

impl Secret {
    pub fn new(authkey: &[u8], encrypted: bool) -> Secret {
        Secret { authkey: authkey.to_vec(), encrypted }
    }

    /// The key for one purpose (`info`) of one life or one pair of lives (`salt`).
    pub fn key(&self, salt: &[&[u8]], info: &[&[u8]]) -> Key {
        let salt = salt.concat();
        let mut purpose = info.concat();
        // Encrypted and merely authenticated packets never share a key.
        purpose.push(u8::from(self.encrypted));
        let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(&self.authkey);
        let parts = [purpose.as_slice()];
        let mut bytes = [0; 32];
        // Both fail only for lengths other than these constants.
        let expanded = pseudo_random.expand(&parts, &AES_256_GCM).and_then(|okm| okm.fill(&mut bytes));
        let aead = expanded.and_then(|()| UnboundKey::new(&AES_256_GCM, &bytes));
        let aead = aead.expect("32 bytes is the key length of AES-256-GCM");
        Key { aead: LessSafeKey::new(aead), encrypted: self.encrypted }
    }
}

fn nonce(counter: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&counter.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl Key {
    /// Header, body (encrypted where wanted), authentication. `counter` must be new for this key.
    pub fn seal(&self, header: &[u8; HEADER_BYTES], counter: u64, body: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(HEADER_BYTES + body.len() + TAG_BYTES);
        packet.extend_from_slice(header);
        packet.extend_from_slice(body);
        let (clear, secret) =
            if self.encrypted { (HEADER_BYTES, packet.len()) } else { (packet.len(), packet.len()) };
        let (known, rest) = packet.split_at_mut(clear);
        let rest = &mut rest[..secret - clear];
        // Fails only for bodies of many gigabytes.
        let tag = self
            .aead
            .seal_in_place_separate_tag(nonce(counter), Aad::from(&*known), rest)
            .expect("a packet is short");
        packet.extend_from_slice(tag.as_ref());
        packet
    }

    /// The body of a packet that is at least a header and a tag long, if it is genuine.
    pub fn open(&self, packet: &[u8], counter: u64) -> Option<Vec<u8>> {
        let (header, rest) = packet.split_at_checked(HEADER_BYTES)?;
        if self.encrypted {
            let mut rest = rest.to_vec();
            let body = self.aead.open_in_place(nonce(counter), Aad::from(header), &mut rest).ok()?.len();
            rest.truncate(body);
            return Some(rest);
        }
        let body = rest.len().checked_sub(TAG_BYTES)?;
        let (known, tag) = packet.split_at(HEADER_BYTES + body);
        let mut tag = tag.to_vec();
        self.aead.open_in_place(nonce(counter), Aad::from(known), &mut tag).ok()?;
        Some(rest[..body].to_vec())
    }
}

/// The cluster's name as it stands in a header.
pub fn cluster_hash(name: &str) -> u64 {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genuine_or_nothing() {
        for encrypted in [true, false] {
            let key = Secret::new(b"key", encrypted).key(&[b"salt"], &[b"info"]);
            let same = Secret::new(b"key", encrypted).key(&[b"salt"], &[b"info"]);
            let other = Secret::new(b"kez", encrypted).key(&[b"salt"], &[b"info"]);
            let header = [5; HEADER_BYTES];
            let packet = key.seal(&header, 7, b"the body");
            assert_eq!(packet.windows(8).any(|w| w == b"the body"), !encrypted);
            assert_eq!(same.open(&packet, 7).as_deref(), Some(&b"the body"[..]));
            assert_eq!(same.open(&packet, 8), None);
            assert_eq!(other.open(&packet, 7), None);
            for at in 0..packet.len() {
                let mut damaged = packet.clone();
                damaged[at] ^= 1;
                assert_eq!(same.open(&damaged, 7), None, "byte {at}");
            }
            assert_eq!(same.open(&packet[..HEADER_BYTES + 3], 7), None);
        }
        let (clear, hidden) = (Secret::new(b"key", false), Secret::new(b"key", true));
        let packet = clear.key(&[b"s"], &[b"i"]).seal(&[5; HEADER_BYTES], 7, b"");
        assert_eq!(hidden.key(&[b"s"], &[b"i"]).open(&packet, 7), None);
    }
}
