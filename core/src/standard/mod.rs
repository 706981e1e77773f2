//! The standard effects, as data. What asks for them are the methods of [`Io`](crate::Io).

mod chat;
mod cursor;
mod file;
mod file_path;
mod http;
mod response;
mod rows;
mod sql;
mod sql_error;
mod time;
mod value;

pub use chat::{
    ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSubscribe, ChatUnsubscribe, SubscriptionId,
};
pub use cursor::{CursorId, SqlClose, SqlFetch, SqlOpen};
pub use file::{FileError, FileErrorKind, FileInfo, FileKind, FileVersion, ReadFile};
pub use file_path::{FilePath, InvalidFilePath};
pub use http::{Headers, HttpError, HttpErrorKind, HttpGet, HttpReply, HttpRequest, HttpSend, InvalidHeader};
pub use response::{
    BodyError, BodyErrorKind, Chunk, Inform, ReadBody, ReadTrailers, Respond, ResponseHead, Write, WriteError,
    WriteErrorKind,
};
#[cfg(feature = "serde")]
pub use rows::column;
pub use rows::{ColumnIndex, FromRow, Row, Rows};
pub use sql::{Isolation, Params, Sql, Transaction, TransactionAct, TransactionId, TransactionOptions};
pub use sql_error::{SqlError, SqlErrorKind};
pub use time::{Now, Random, Sleep, Timestamp};
#[cfg(feature = "serde")]
pub use value::Json;
pub use value::{Element, FromValue, Value};

macro_rules! standard {
    ($($attribute:tt)*) => {
        crate::effects! {
            $($attribute)*
            /// The standard effects: SQL, HTTP, chat, the request's body, the response, files, time and chance.
            pub enum Standard (StandardOutcome): {
                Sql, Transaction, SqlOpen, SqlFetch, SqlClose, HttpGet, HttpSend,
                ChatSend, ChatRecv, ChatSubscribe, ChatUnsubscribe, ChatBalance,
                ReadBody, ReadTrailers, Inform, Respond, Write, FileInfo, ReadFile, Now, Sleep, Random,
            }
        }
    };
}

#[cfg(feature = "serde")]
standard! { #[serde] }
#[cfg(not(feature = "serde"))]
standard! {}

/// An outcome is moved several times on its way into a handler: larger ones belong into a box.
const _: () = assert!(size_of::<StandardOutcome>() <= 64);
