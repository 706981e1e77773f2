//! What real requests did, written down: to be [replayed](crate::testing::replay) in a test.
//!
//! A [`Recorder`] follows each request of a server. It keeps those that failed, panicked or were slow, and a sample of
//! the others if it is told to, each in a file of its own:
//!
//! ```
//! use std::time::Duration;
//! use segno::record::Recorder;
//!
//! # let directory = std::env::temp_dir().join(format!("segno-record-{}", std::process::id()));
//! let recorder = Recorder::new(&directory)?.slower_than(Duration::from_secs(2)).one_in(10_000).secret("iban");
//! # drop(recorder);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<_, std::io::Error>(())
//! ```
//!
//! A server takes it by [`Server::record`](crate::smol::Server::record).
//!
//! # The file
//!
//! A file is JSON lines: a [`Header`] with the head of the request, the [entries](crate::Entry) of the trace, and how it
//! ended:
//!
//! ```json
//! {"segno_trace":1,"segno":"0.1.0","handler":"POST /pay","effects":["sql","…"],"schema":"…","request":{"method":"POST","…":"…"}}
//! {"asked":{"path":"0#1","effect":{"effect":"sql","value":{"text":"select 1","params":[],"transaction":null}}}}
//! {"end":{"status":500,"kind":"failed","message":"no such table: cart","micros":1234}}
//! ```
//!
//! # Secrets
//!
//! Before anything is written, secrets are replaced by tokens such as `[secret-1f2e3d4c]`: the values of header fields
//! and cookies, of fields in JSON, forms and queries, and of columns, whose *name* says that they are secret (`password`,
//! `authorization`, `token`, and what you [add](Recorder::secret)). Wherever the same value stands elsewhere in the trace
//! (from six bytes on), it is replaced by the same token, so that the trace still fits together: the replayed handler
//! gets the token and passes the token on. Tokens come from a random key for each file, which is not kept.
//!
//! What no name tells is not found: a secret within a text, in a multipart form, or one that the handler transforms or
//! writes in pieces. So treat the files as what they are, data of your users; they are readable by their owner alone.
//!
//! The [address](crate::Request::peer) of who was connected is kept beside the header fields, so that a handler that decides by
//! it does the same again. Where it must not be kept, `secret("peer")` takes it out, and the replayed request has none.
//!
//! # An adapter of your own
//!
//! [`Recorder::begin`] begins with the head of a request; the tasklet is told to [record](crate::Tasklet::record), what it
//! did goes to [`OpenTrace::add`] while it runs, and [`OpenTrace::end`] says what came of it.

mod recorder;
mod redact;
mod writer;

pub use recorder::{OpenTrace, Recorder};

pub use crate::trace_file::{Header, RecordedEnd, RecordedEndKind, RecordedRequest};
