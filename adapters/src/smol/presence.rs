//! Whether a client is still there while its handler waits for something else.

use std::{io, time::Duration};

use async_io::Timer;

use super::socket::Socket;

/// Ends when the client is gone. Nothing is taken from the socket.
///
/// A client may end its sending half and still wait for the answer; it looks like one that went away until something is
/// sent to it. So after such an end the handler gets a moment more.
pub(crate) async fn gone(stream: &Socket, half_open_time: Duration) {
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match look(stream) {
            Ok(Seen::Nothing) => {}
            // A next request, or the body: its arrival says nothing of what comes after it, so look again later.
            Ok(Seen::Data) => {
                Timer::after(LOOK).await;
            }
            Ok(Seen::End) => {
                Timer::after(half_open_time).await;
                return;
            }
            Err(_) => return,
        }
    }
}

enum Seen {
    Nothing,
    Data,
    End,
}

#[cfg(target_os = "linux")]
fn look(stream: &Socket) -> io::Result<Seen> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    // Unlike a read, this sees an end that stands behind data.
    let mut polled = [PollFd::new(stream.system(), PollFlags::IN | PollFlags::RDHUP)];
    poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let events = polled[0].revents();
    if events.intersects(PollFlags::HUP | PollFlags::ERR) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(match (events.contains(PollFlags::RDHUP), events.contains(PollFlags::IN)) {
        (true, _) => Seen::End,
        (false, true) => Seen::Data,
        (false, false) => Seen::Nothing,
    })
}

#[cfg(not(target_os = "linux"))]
fn look(stream: &Socket) -> io::Result<Seen> {
    match stream.system().peek(&mut [std::mem::MaybeUninit::uninit()]) {
        Ok(0) => Ok(Seen::End),
        Ok(_) => Ok(Seen::Data),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Seen::Nothing),
        Err(error) => Err(error),
    }
}

/// How often a client is looked for behind what it has sent.
const LOOK: Duration = Duration::from_millis(250);
