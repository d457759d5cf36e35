use super::*;

fn life(id: u32, incarnation: u64, key: &str, seed: u8) -> Sessions {
    let mut next = [seed; 16];
    let random = Box::new(move || {
        let carry = next.iter().position(|byte| *byte != 255).unwrap_or(0);
        next[carry] = next[carry].wrapping_add(1);
        next
    });
    Sessions::new(id, incarnation, "c", [1, 2, 3], Secret::new(key.as_bytes(), id > 0), random)
}

/// Carries packets between two until neither has more to say; everything said is recorded.
fn shake(now_ms: u64, a: &mut Sessions, b: &mut Sessions) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    let mut on_the_way: Vec<Vec<u8>> = Vec::new();
    let (a_id, b_id) = (a.id, b.id);
    for (from, to) in [(&mut *a, b_id), (&mut *b, a_id)] {
        on_the_way.extend(from.hellos(now_ms).into_iter().filter(|(id, _)| *id == to).map(|(_, p)| p));
    }
    while let Some(packet) = on_the_way.pop() {
        let receiver = Header::read(&packet).unwrap().receiver;
        let opened = if receiver == a_id { a.open(now_ms, &packet) } else { b.open(now_ms, &packet) };
        said.push(packet);
        on_the_way.extend(opened.unwrap().answer);
        assert!(said.len() < 20, "handshake does not end");
    }
    said
}

#[test]
fn hands_are_shaken_and_packets_flow() {
    let (mut a, mut b) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    assert_eq!(a.seal(2, Kind::Data, b"early"), None);
    shake(0, &mut a, &mut b);
    assert_eq!((a.incarnation_of(2), b.incarnation_of(1)), (Some(20), Some(10)));
    for n in 0..10_000_u32 {
        let packet = a.seal(2, Kind::Data, &n.to_be_bytes()).unwrap();
        let opened = b.open(1, &packet).unwrap();
        assert_eq!((opened.from, opened.kind, opened.body), (1, Kind::Data, n.to_be_bytes().to_vec()));
    }
    // Both know each other: nobody but the absent third is greeted.
    let packet = b.seal(1, Kind::Beat, b"").unwrap();
    a.open(1, &packet).unwrap();
    assert_eq!(a.hellos(1000).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3]);
    assert!(b.hello_deadline().is_some());
}

#[test]
fn a_handshake_survives_loss() {
    let (mut a, mut b) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    let mut random = 12_345_u32;
    let mut now = 0;
    while a.incarnation_of(2).is_none() || b.incarnation_of(1).is_none() {
        now += 10;
        assert!(now < 5_000, "no handshake");
        let mut way: Vec<(u32, Vec<u8>)> = a.hellos(now);
        way.extend(b.hellos(now));
        while let Some((to, packet)) = way.pop() {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Two of three are lost.
            if !(random >> 16).is_multiple_of(3) {
                continue;
            }
            let (receiver, other) = if to == 1 { (&mut a, 2) } else { (&mut b, 1) };
            if let Ok(Opened { answer: Some(answer), .. }) = receiver.open(now, &packet) {
                way.push((other, answer));
            }
        }
    }
}

#[test]
fn reordered_is_fine_and_replayed_is_not() {
    let (mut a, mut b) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    shake(0, &mut a, &mut b);
    let packets: Vec<_> = (0..100).map(|_| a.seal(2, Kind::Beat, b"x").unwrap()).collect();
    for packet in packets.iter().rev() {
        b.open(1, packet).unwrap();
    }
    for packet in &packets {
        assert_eq!(b.open(1, packet), Err(Dropped::Replay));
    }
    for _ in 0..5_000 {
        let packet = a.seal(2, Kind::Beat, b"x").unwrap();
        b.open(1, &packet).unwrap();
    }
    assert_eq!(b.open(1, &packets[0]), Err(Dropped::Replay));
    assert_eq!(b.dropped()[&Dropped::Replay], 101);
}

/// Whatever was ever recorded, played to a receiver that was restarted (and to the sender), before
/// and after new hands are shaken, changes nothing.
#[test]
fn an_earlier_life_is_worth_nothing() {
    let (mut a, mut b1) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    let mut recorded = shake(0, &mut a, &mut b1);
    recorded.push(a.seal(2, Kind::Data, b"stop everything").unwrap());
    recorded.push(a.seal(2, Kind::Beat, b"alive").unwrap());
    recorded.push(b1.seal(1, Kind::Data, b"of b1").unwrap());

    let mut b2 = life(2, 21, "k", 90);
    let play = |to: &mut Sessions, now: u64| {
        for packet in &recorded {
            if let Ok(opened) = to.open(now, packet) {
                assert_eq!(opened.kind, Kind::Hello);
                assert!(!opened.new_life);
            }
        }
    };
    play(&mut b2, 5);
    assert_eq!(b2.incarnation_of(1), None);
    shake(100, &mut a, &mut b2);
    assert_eq!((a.incarnation_of(2), b2.incarnation_of(1)), (Some(21), Some(10)));
    play(&mut b2, 200);
    play(&mut a, 200);
    assert_eq!((a.incarnation_of(2), b2.incarnation_of(1)), (Some(21), Some(10)));
    let packet = a.seal(2, Kind::Data, b"now").unwrap();
    assert_eq!(b2.open(201, &packet).unwrap().body, b"now");
    // Nor does the dead b1 get a word in, though its key is right and its counters are new.
    let late = b1.seal(1, Kind::Data, b"of b1").unwrap();
    assert_eq!(a.open(202, &late), Err(Dropped::OtherLife));
}

#[test]
fn two_processes_that_claim_one_id_never_reuse_a_counter() {
    let mut a = life(1, 10, "k", 10);
    let (mut b1, mut b2) = (life(2, 20, "k", 20), life(2, 21, "k", 90));
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..10 {
        for (turn, b) in [&mut b1, &mut b2].into_iter().enumerate() {
            let now = round * 1000 + turn as u64 * 500;
            // Each forgets that it is known, as a process that hears nothing would greet again.
            b.peers.get_mut(&1).unwrap().life = None;
            shake(now, &mut a, b);
            let packet = a.seal(2, Kind::Beat, b"x").unwrap();
            assert!(seen.insert(Header::read(&packet).unwrap().counter));
            b.open(now, &packet).unwrap();
        }
    }
}

#[test]
fn what_is_not_ours_is_dropped_and_counted() {
    let (mut a, mut b) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    shake(0, &mut a, &mut b);
    let mut stranger = life(1, 10, "other key", 30);
    let hello = stranger.hellos(0).remove(0).1;
    assert_eq!(b.open(1, &hello), Err(Dropped::WrongKey));
    let packet = a.seal(2, Kind::Data, b"x").unwrap();
    assert_eq!(b.open(1, &packet[..40]), Err(Dropped::Truncated));
    assert_eq!(b.open(1, &packet[..packet.len() - 1]), Err(Dropped::WrongKey));
    assert_eq!(b.open(1, b"hello"), Err(Dropped::BadMagic));
    let mut other = packet.clone();
    other[8] ^= 1;
    assert_eq!(b.open(1, &other), Err(Dropped::OtherCluster));
    let mut unknown = packet.clone();
    unknown[19] = 9;
    assert_eq!(b.open(1, &unknown), Err(Dropped::UnknownSender));
    assert_eq!(a.open(1, &packet), Err(Dropped::UnknownSender), "our own, come back");
    let mut third = life(3, 30, "k", 40);
    assert_eq!(third.open(1, &packet), Err(Dropped::OtherReceiver));
    assert_eq!(b.dropped().values().sum::<u64>(), 6);
    b.open(1, &packet).unwrap();
}

#[test]
fn answers_are_not_a_flood() {
    let (mut a, mut b) = (life(1, 10, "k", 10), life(2, 20, "k", 20));
    let hello = a.hellos(0).remove(0).1;
    let answers = (0..1000).filter(|n| b.open(n / 100, &hello).unwrap().answer.is_some()).count();
    assert!(answers <= 3, "{answers}");
}

#[test]
fn the_window_moves_by_any_step() {
    let mut window = Window::from(5);
    assert!(!window.accept(5));
    assert!(window.accept(6) && !window.accept(6));
    assert!(window.accept(10_000) && window.accept(9_000) && !window.accept(9_000));
    assert!(!window.accept(10_000 - Window::WIDTH));
    assert!(window.accept(10_001 - Window::WIDTH));
    assert!(window.accept(u64::MAX) && !window.accept(u64::MAX) && !window.accept(10_001));
}
