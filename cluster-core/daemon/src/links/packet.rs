//! The header of every packet between nodes. It is sent in the clear and authenticated with the
//! body; a receiver looks at nothing else before the authentication is done.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | `RHAP` |
//! | 1 | version |
//! | 1 | kind |
//! | 1 | 1: the body is encrypted, 0: only authenticated |
//! | 1 | 0 |
//! | 8 | hash of the cluster's name |
//! | 4 + 4 | nodeid of the sender, of the receiver |
//! | 8 | incarnation of the sender |
//! | 16 | salt of the sender's life |
//! | 8 | counter: never used twice in a life of the sender |
//!
//! All numbers big-endian. The body follows, then 16 bytes of authentication.

pub const HEADER_BYTES: usize = 56;
pub const TAG_BYTES: usize = 16;
pub const VERSION: u8 = 1;
const MAGIC: [u8; 4] = *b"RHAP";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Shaking hands: the only packets of a life that has not been accepted yet.
    Hello = 0,
    /// A heartbeat.
    Beat = 1,
    /// A datagram of the node's state machine.
    Data = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub kind: Kind,
    pub encrypted: bool,
    pub cluster: u64,
    pub sender: u32,
    pub receiver: u32,
    pub incarnation: u64,
    pub salt: [u8; 16],
    pub counter: u64,
}

/// Why a packet was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// Not one of ours at all.
    BadMagic,
    Truncated,
    /// A version that this program does not speak.
    OtherVersion,
    OtherCluster,
    /// A nodeid that is not in the nodelist, or our own.
    UnknownSender,
    /// For another node.
    OtherReceiver,
    /// Not made with our authkey, or damaged on the way; or one side encrypts and the other does not.
    WrongKey,
    /// Seen before, or too old to tell.
    Replay,
    /// Of a life (the sender's or ours) that no hands were shaken for.
    OtherLife,
}

impl Dropped {
    pub const ALL: [Dropped; 9] = [
        Dropped::BadMagic,
        Dropped::Truncated,
        Dropped::OtherVersion,
        Dropped::OtherCluster,
        Dropped::UnknownSender,
        Dropped::OtherReceiver,
        Dropped::WrongKey,
        Dropped::Replay,
        Dropped::OtherLife,
    ];

    /// Its name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Dropped::BadMagic => "bad_magic",
            Dropped::Truncated => "truncated",
            Dropped::OtherVersion => "other_version",
            Dropped::OtherCluster => "other_cluster",
            Dropped::UnknownSender => "unknown_sender",
            Dropped::OtherReceiver => "other_receiver",
            Dropped::WrongKey => "wrong_key",
            Dropped::Replay => "replay",
            Dropped::OtherLife => "old_view",
        }
    }
}

impl Header {
    pub fn write(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.kind as u8;
        bytes[6] = u8::from(self.encrypted);
        bytes[8..16].copy_from_slice(&self.cluster.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.sender.to_be_bytes());
        bytes[20..24].copy_from_slice(&self.receiver.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.incarnation.to_be_bytes());
        bytes[32..48].copy_from_slice(&self.salt);
        bytes[48..56].copy_from_slice(&self.counter.to_be_bytes());
        bytes
    }

    /// Reads a header, which says nothing yet about who has really sent it.
    pub fn read(packet: &[u8]) -> Result<Header, Dropped> {
        if packet.get(..4).is_none_or(|magic| magic != MAGIC) {
            return Err(Dropped::BadMagic);
        }
        if packet.len() < HEADER_BYTES + TAG_BYTES {
            return Err(Dropped::Truncated);
        }
        if packet[4] != VERSION {
            return Err(Dropped::OtherVersion);
        }
        let kind = match packet[5] {
            0 => Kind::Hello,
            1 => Kind::Beat,
            2 => Kind::Data,
            _ => return Err(Dropped::OtherVersion),
        };
        let u32_at = |at: usize| u32::from_be_bytes(fixed(packet, at));
        let u64_at = |at: usize| u64::from_be_bytes(fixed(packet, at));
        Ok(Header {
            kind,
            encrypted: packet[6] == 1,
            cluster: u64_at(8),
            sender: u32_at(16),
            receiver: u32_at(20),
            incarnation: u64_at(24),
            salt: fixed(packet, 32),
            counter: u64_at(48),
        })
    }
}

/// The caller has checked that the packet is long enough.
fn fixed<const N: usize>(packet: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&packet[at..at + N]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let header = Header {
            kind: Kind::Beat,
            encrypted: true,
            cluster: 0x0102_0304_0506_0708,
            sender: 1,
            receiver: 2,
            incarnation: 3,
            salt: [7; 16],
            counter: u64::MAX,
        };
        let mut packet = header.write().to_vec();
        assert_eq!(Header::read(&packet), Err(Dropped::Truncated));
        packet.extend([0; TAG_BYTES]);
        assert_eq!(Header::read(&packet), Ok(header));
        packet[4] = 9;
        assert_eq!(Header::read(&packet), Err(Dropped::OtherVersion));
        assert_eq!(Header::read(b"RHAQ"), Err(Dropped::BadMagic));
        assert_eq!(Header::read(b""), Err(Dropped::BadMagic));
    }
}
