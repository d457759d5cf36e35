use super::*;

/// A small generator, so that the tests need no other crate.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % sides
    }
}

fn pair() -> (Channel, Channel) {
    let (mut a, mut b) = (Channel::new(10), Channel::new(20));
    a.set_peer(20);
    b.set_peer(10);
    (a, b)
}

/// Carries packets with `loss` percent lost, some doubled, delays up to 30 ms.
fn carry(a: &mut Channel, b: &mut Channel, loss: u64, seed: u64, until: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(seed);
    let mut air: Vec<(u64, bool, Vec<u8>)> = Vec::new();
    let mut got = Vec::new();
    for now in 0..until {
        let mut due: Vec<_> = air.extract_if(.., |p| p.0 <= now).collect();
        if dice.roll(2) == 0 {
            due.reverse();
        }
        for (_, to_b, bytes) in due {
            assert!(bytes.len() <= DATAGRAM_MAX);
            if to_b {
                got.extend(b.receive(now, &bytes));
            } else {
                a.receive(now, &bytes);
            }
        }
        for (to_b, packets) in [(true, a.poll(now)), (false, b.poll(now))] {
            for bytes in packets {
                if dice.roll(100) >= loss {
                    air.push((now + 1 + dice.roll(30), to_b, bytes.clone()));
                    if dice.roll(10) == 0 {
                        air.push((now + 1 + dice.roll(60), to_b, bytes));
                    }
                }
            }
        }
    }
    got
}

#[test]
fn messages_arrive_once_in_order_whatever_the_net_does() {
    for seed in 0..20 {
        let (mut a, mut b) = pair();
        let sent: Vec<Vec<u8>> = (0..50u8).map(|i| vec![i; 1 + usize::from(i) * 211]).collect();
        for m in &sent {
            a.send(m).unwrap();
        }
        assert_eq!(carry(&mut a, &mut b, 30, seed, 8000), sent, "seed {seed}");
        assert!(a.in_flight.is_empty());
        assert_eq!(a.queued_bytes, 0);
    }
}

#[test]
fn an_earlier_life_is_not_heard() {
    let (mut a, mut b) = pair();
    a.send(b"old").unwrap();
    let old = a.poll(0);
    let mut reborn = Channel::new(21);
    reborn.set_peer(10);
    assert!(reborn.receive(1, &old[0]).is_empty());
    b.set_peer(11);
    assert!(b.receive(1, &old[0]).is_empty());
    assert_eq!((reborn.counters.stale, b.counters.stale), (1, 1));
}

#[test]
fn a_reset_drops_the_unsent_and_begins_anew() {
    let (mut a, mut b) = pair();
    a.send(b"lost").unwrap();
    let old = a.poll(0);
    a.reset();
    a.send(b"new").unwrap();
    let new = a.poll(1);
    assert_eq!(b.receive(2, &new[0]), vec![b"new".to_vec()]);
    assert!(b.receive(3, &old[0]).is_empty());
}

#[test]
fn garbage_is_counted_and_ignored() {
    let (mut a, _) = pair();
    for junk in [&b""[..], &[9, 9], &[1], &[1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]] {
        assert!(a.receive(0, junk).is_empty());
    }
    assert_eq!(a.counters.stale, 4);
}

#[test]
fn a_queue_has_an_end() {
    let (mut a, _) = pair();
    let big = vec![0; 60 << 20];
    a.send(&big).unwrap();
    a.send(&big).unwrap();
    assert_eq!(a.send(&big), Err(Full));
}
