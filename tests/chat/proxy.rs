//! A wire to a server that can be cut, and go silent.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::talk::PATIENCE;

/// What becomes of connections.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// They are carried.
    Open,
    /// New ones are closed at once.
    Closed,
    /// New ones are carried, but nothing comes back from the server.
    Silent,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    wires: Arc<Wires>,
}

struct Wires {
    server: (String, u16),
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mode: Mode,
    carried: Vec<Arc<Wire>>,
}

/// One connection: the client's side and the server's.
struct Wire {
    client: TcpStream,
    server: TcpStream,
    silent: AtomicBool,
}

impl Proxy {
    pub(crate) fn new(server: (String, u16), mode: Mode) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::new(State { mode, carried: Vec::new() });
        let wires = Arc::new(Wires { server, state, changed: Condvar::new() });
        let accepting = wires.clone();
        // It ends with the process: nobody connects when the test is over.
        thread::spawn(move || listener.incoming().flatten().for_each(|client| accepting.carry(client)));
        Self { port, wires }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.wires.state.lock().unwrap().mode = mode;
    }

    /// Cuts what is connected.
    pub(crate) fn cut(&self) {
        self.wires.state.lock().unwrap().carried.iter().for_each(|wire| wire.cut());
    }

    /// Nothing comes back any longer on what is connected.
    pub(crate) fn silence(&self) {
        for wire in &self.wires.state.lock().unwrap().carried {
            wire.silent.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until nothing is connected.
    #[track_caller]
    pub(crate) fn wait_until_unused(&self) {
        let state = self.wires.state.lock().unwrap();
        let (state, late) =
            self.wires.changed.wait_timeout_while(state, PATIENCE, |state| !state.carried.is_empty()).unwrap();
        assert!(!late.timed_out(), "{} connections are left", state.carried.len());
    }
}

impl Wires {
    fn carry(self: &Arc<Self>, client: TcpStream) {
        let mode = self.state.lock().unwrap().mode;
        if mode == Mode::Closed {
            return;
        }
        let server = TcpStream::connect((&*self.server.0, self.server.1)).unwrap();
        let wire = Arc::new(Wire { client, server, silent: (mode == Mode::Silent).into() });
        self.state.lock().unwrap().carried.push(wire.clone());
        let (all, back) = (self.clone(), wire.clone());
        thread::spawn(move || wire.pump(&wire.client, &wire.server, &AtomicBool::new(false)));
        thread::spawn(move || {
            back.pump(&back.server, &back.client, &back.silent);
            all.state.lock().unwrap().carried.retain(|wire| !Arc::ptr_eq(wire, &back));
            all.changed.notify_all();
        });
    }
}

impl Wire {
    fn cut(&self) {
        // An end that is closed already is as good.
        let _ = (self.client.shutdown(Shutdown::Both), self.server.shutdown(Shutdown::Both));
    }

    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, silent: &AtomicBool) {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !silent.load(Ordering::Relaxed) && to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        self.cut();
    }
}
