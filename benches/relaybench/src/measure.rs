//! One run: brings the calls up, sends at the asked pattern, reads the server's CPU time and the peers' counters.
use crate::dtls::Tls;
use crate::peer::{Kind, Peer};
use crate::{Opts, Scenario, media, now_ns, targets};
use std::os::fd::AsRawFd;

/// utime + stime of the process with all its threads, in seconds.
fn cpu(pid: u32) -> f64 {
    let s = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let f: Vec<&str> = s.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    (11..13).filter_map(|i| f.get(i)?.parse::<f64>().ok()).sum::<f64>() / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64
}
fn rss_kb(pid: u32) -> u64 {
    let s = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    s.lines().find_map(|l| l.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[derive(Default, Clone)]
pub struct Row {
    pub cpu_s: f64,
    pub forwarded: u64,
    pub sent: u64,
    pub us_per_pkt: f64,
    pub rss_idle_kb: u64,
    pub rss_call_kb: f64,
    pub loss: f64,
    pub p50: f64,
    pub p99: f64,
    pub bad: u64,
}

/// Handles everything that has arrived; `lat` takes one-way times in ns of packets sent inside the window.
fn poll(ep: i32, peers: &mut [Peer], window: (u64, u64), lat: &mut Vec<u64>) {
    let mut ev: [libc::epoll_event; 64] = unsafe { std::mem::zeroed() };
    let mut buf = [0u8; 2048];
    let n = unsafe { libc::epoll_wait(ep, ev.as_mut_ptr(), 64, 0) };
    for x in &ev[..n.max(0) as usize] {
        let i = x.u64 as usize;
        let Ok((len, from)) = peers[i].sock.recv_from(&mut buf) else {
            continue;
        };
        let now = now_ns();
        let Some((seq, at, _)) = peers[i].receive(&mut buf[..len], from) else {
            continue;
        };
        let first = *peers[i].first_seq.get_or_insert(seq);
        // Transcoded packets carry no stamp of ours: the k-th packet out is matched with the k-th packet in.
        let at = at.or_else(|| peers[i ^ 1].send_log.get(seq.wrapping_sub(first) as usize).copied());
        if let Some(at) = at
            && at >= window.0
            && at < window.1
        {
            lat.push(now.saturating_sub(at))
        }
    }
}

pub fn once(o: &Opts, sc: Scenario, tls: &Tls, voices: &media::Frames) -> Result<Row, String> {
    let dir = format!("out/{}-{}", o.target.split(':').next().unwrap(), o.scenario);
    std::fs::create_dir_all(&dir).map_err(|e| e.to_string())?;
    let mut t = targets::make(&o.target, sc, o.threads, o.bin.clone())?;
    let r = measure(o, sc, tls, voices, t.as_mut(), &dir);
    t.stop();
    r
}

fn measure(o: &Opts, sc: Scenario, tls: &Tls, voices: &media::Frames, t: &mut dyn targets::Target, dir: &str) -> Result<Row, String> {
    let pid = t.start(o.server, dir)?;
    let rss_idle_kb = pid.map_or(0, rss_kb);
    let ep = unsafe { libc::epoll_create1(0) };
    let mut peers: Vec<Peer> = vec![];
    let mut lat = vec![];
    for call in 0..o.calls {
        // rtpengine passes SRTP through under A's key where B takes the same suite: the short tag forces re-encryption (same cost).
        let (short, io) = (o.target == "rtpengine" && sc.a == Kind::Sdes, |e: std::io::Error| e.to_string());
        let mut a = Peer::new(sc.a, sc.a_codec, true, 10).map_err(io)?;
        let mut b = Peer::new(sc.b, sc.b_codec, false, if short { 4 } else { 10 }).map_err(io)?;
        let a_sdp = a.sdp(tls);
        let b_offer = t.offer(call, &a_sdp).map_err(|e| format!("call {call}, offer: {e}"))?;
        b.set_remote(&b_offer, tls).map_err(|e| format!("call {call}, offer to B: {e}\n{b_offer}"))?;
        let b_sdp = b.sdp(tls);
        let a_answer = t.answer(call, &b_sdp).map_err(|e| format!("call {call}, answer: {e}"))?;
        a.set_remote(&a_answer, tls).map_err(|e| format!("call {call}, answer to A: {e}\n{a_answer}"))?;
        if call == 0 {
            let _ = std::fs::write(format!("{dir}/sdp.txt"), [a_sdp, b_offer, b_sdp, a_answer].join("\n----\n"));
        }
        for p in [a, b] {
            let mut ev = libc::epoll_event { events: libc::EPOLLIN as u32, u64: peers.len() as u64 };
            unsafe { libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, p.sock.as_raw_fd(), &mut ev) };
            peers.push(p);
        }
        // Finish ICE and DTLS call by call, so that no handshake flood is measured or lost.
        let (end, mut next) = (now_ns() + 8_000_000_000, 0);
        while !peers[2 * call..].iter().all(Peer::ready) {
            let now = now_ns();
            if now > end {
                return Err(format!(
                    "call {call}: peers not ready: {:?}",
                    peers[2 * call..].iter().map(|p| (p.kind, p.ice_ok, p.tx.is_some())).collect::<Vec<_>>()
                ));
            }
            if now >= next {
                next = now + 50_000_000;
                peers[2 * call..].iter_mut().for_each(Peer::tick)
            }
            poll(ep, &mut peers, (0, 0), &mut lat);
        }
    }
    let (n, slot) = (peers.len(), 20_000_000 / peers.len() as u64);
    let start = now_ns();
    let window = (start + 2_000_000_000, start + (2 + o.secs) * 1_000_000_000);
    let (mut k, mut buf) = (0u64, Vec::with_capacity(2048));
    let (mut c0, mut g0, mut c1, mut g1) = (None, 0, None, 0);
    let got = |p: &[Peer]| p.iter().map(|p| p.got).sum::<u64>();
    let (mut sent, s_pid) = (0, pid.unwrap_or(0)); // without a server the CPU columns read 0
    loop {
        let now = now_ns();
        if now >= window.0 && c0.is_none() {
            (c0, g0) = (Some(cpu(s_pid)), got(&peers))
        }
        if now >= window.1 && c1.is_none() {
            (c1, g1) = (Some(cpu(s_pid)), got(&peers))
        }
        if now > window.1 + 500_000_000 {
            break;
        }
        let mut burst = 0;
        while start + (k * slot).next_multiple_of(o.tick_ns.max(1)) <= now && burst < 16 {
            let i = (k % n as u64) as usize;
            let payload = sc.xcode().then(|| voices.get(peers[i].codec, (k / n as u64) as usize));
            let at = now_ns();
            let inside = at >= window.0 && at < window.1;
            if now < window.1 {
                peers[i].send(payload, at, inside, &mut buf);
                sent += inside as u64
            }
            k += 1;
            burst += 1;
        }
        poll(ep, &mut peers, window, &mut lat);
    }
    unsafe { libc::close(ep) };
    let rss = pid.map_or(0, rss_kb);
    let forwarded = g1 - g0;
    let arrived = if sc.xcode() { forwarded.min(sent) } else { peers.iter().map(|p| p.got_marked).sum() };
    lat.sort_unstable();
    let q = |f: f64| lat.get(((lat.len() as f64 * f) as usize).min(lat.len().saturating_sub(1))).map_or(f64::NAN, |x| *x as f64 / 1000.0);
    let cpu_s = c1.unwrap_or(0.0) - c0.unwrap_or(0.0);
    Ok(Row {
        cpu_s,
        forwarded,
        sent,
        us_per_pkt: cpu_s * 1e6 / forwarded as f64,
        rss_idle_kb,
        rss_call_kb: (rss as f64 - rss_idle_kb as f64) / o.calls as f64,
        loss: 100.0 * (1.0 - arrived as f64 / sent as f64),
        p50: q(0.5),
        p99: q(0.99),
        bad: peers.iter().map(|p| p.bad).sum(),
    })
}
