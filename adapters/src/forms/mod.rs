//! Forms and queries as types of your own, and uploads.
//!
//! ```
//! use segno::{Io, Request, Response, Result, forms};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Order {
//!     name: String,
//!     seats: u8,
//!     #[serde(default)]
//!     extras: Vec<String>,
//! }
//!
//! async fn order(mut io: Io, mut request: Request) -> Result<Response> {
//!     let order: Order = forms::parse(&request.body.form(&mut io, 16 << 10).await?)?;
//!     Ok(Response::text(format!("{} for {}, with {:?}", order.seats, order.name, order.extras)))
//! }
//! # #[cfg(feature = "testing")] {
//! use segno::testing::{post, script};
//!
//! let form = [("name", "Ada"), ("seats", "2"), ("extras", "tea"), ("extras", "cake")];
//! script(order, post("/").form(&form)).responds(200).body(r#"2 for Ada, with ["tea", "cake"]"#);
//! script(order, post("/").form(&[("name", "Ada"), ("seats", "many")]))
//!     .responds(400)
//!     .body("`seats` in the form: invalid digit found in string");
//! # }
//! ```

mod multipart;

use segno_core::{Error, Form, Request, Result};
use serde::de::DeserializeOwned;

pub use multipart::{Multipart, Part, multipart};

/// The form as a value: its fields by their names. A field that may come several times is a `Vec`, one that may be missing
/// an `Option`.
///
/// # Errors
///
/// 400 if a field is missing, or holds something else; the text names it.
pub fn parse<T: DeserializeOwned>(form: &Form) -> Result<T> {
    typed(form.encoded(), "form")
}

/// The request's query as a value, in the same way.
///
/// # Errors
///
/// 400 if a field is missing, or holds something else; the text names it.
///
/// ```
/// use segno::{Request, forms};
///
/// #[derive(serde::Deserialize)]
/// struct Search { text: String, page: Option<u32> }
///
/// let search: Search = forms::parse_query(&Request::get("/?text=dal+segno&page=2"))?;
/// assert_eq!((&*search.text, search.page), ("dal segno", Some(2)));
/// # Ok::<_, segno::Error>(())
/// ```
pub fn parse_query<T: DeserializeOwned>(request: &Request) -> Result<T> {
    typed(request.uri.query().unwrap_or_default().as_bytes(), "query")
}

fn typed<T: DeserializeOwned>(encoded: &[u8], place: &str) -> Result<T> {
    serde_path_to_error::deserialize(serde_html_form::Deserializer::from_bytes(encoded)).map_err(|error| {
        let (field, wrong) = (error.path().to_string(), error.inner());
        Error::status(
            400,
            match error.path().iter().next() {
                Some(_) => format!("`{field}` in the {place}: {wrong}"),
                None => format!("the {place}: {wrong}"),
            },
        )
    })
}
