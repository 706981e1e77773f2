//! Reading the request's body.

use alloc::{string::String, vec::Vec};
use core::{fmt::Display, future::Future, panic::Location, str::FromStr};

use bytes::Bytes;

use crate::{
    effect::Has,
    error::Happened,
    io::{Ask, Io},
    request::{Body, field, fields},
    standard::{BodyError, BodyErrorKind, ReadBody, ReadTrailers},
};

impl Body {
    /// Reads the next piece; `None` at the body's end.
    ///
    /// Nothing is taken from the client before it is asked for, so a slow handler slows the client down.
    ///
    /// # Errors
    ///
    /// If the body is not whole or not valid, or longer than the server's limit.
    #[track_caller]
    pub fn chunk<S: Has<ReadBody>>(
        &mut self,
        io: &mut Io<S>,
    ) -> impl Future<Output = Result<Option<Bytes>, BodyError>> {
        let ask = io.perform(ReadBody);
        async move { Ok(ask.await?.map(|chunk| chunk.0)) }
    }

    /// Reads what is left of the body, if that is not more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// As of [`chunk`](Self::chunk), and [`TooLarge`](BodyErrorKind::TooLarge) if it is longer than `limit`.
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, Result};
    /// async fn shout(mut io: Io, mut request: Request) -> Result<Response> {
    ///     let body = request.body.bytes(&mut io, 64 << 10).await?;
    ///     Ok(Response::text(body.to_ascii_uppercase()))
    /// }
    /// ```
    #[track_caller]
    pub fn bytes<S: Has<ReadBody>>(
        &mut self,
        io: &mut Io<S>,
        limit: usize,
    ) -> impl Future<Output = Result<Bytes, BodyError>> {
        let location = Location::caller();
        async move {
            let mut first = Bytes::new();
            let mut body = Vec::new();
            while let Some(chunk) = io.perform_at(ReadBody, location).await? {
                if first.len() + body.len() + chunk.0.len() > limit {
                    let message = alloc::format!("the request's body is longer than {limit} bytes");
                    return Err(BodyError::new(BodyErrorKind::TooLarge, Happened::Unknown, message));
                }
                match first.is_empty() && body.is_empty() {
                    true => first = chunk.0,
                    false => {
                        body.extend_from_slice(&core::mem::take(&mut first));
                        body.extend_from_slice(&chunk.0);
                    }
                }
            }
            Ok(if body.is_empty() { first } else { body.into() })
        }
    }

    /// Reads what is left of the body as text.
    ///
    /// # Errors
    ///
    /// As of [`bytes`](Self::bytes), and [`NotText`](BodyErrorKind::NotText) if it is not UTF-8.
    #[track_caller]
    pub fn text<S: Has<ReadBody>>(
        &mut self,
        io: &mut Io<S>,
        limit: usize,
    ) -> impl Future<Output = Result<String, BodyError>> {
        let bytes = self.bytes(io, limit);
        async move {
            String::from_utf8(bytes.await?.into())
                .map_err(|_| BodyError::new(BodyErrorKind::NotText, Happened::Yes, "the request's body is not UTF-8"))
        }
    }

    /// Reads what is left of the body as an HTML form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    ///
    /// As of [`bytes`](Self::bytes).
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, Result};
    /// async fn sign(mut io: Io, mut request: Request) -> Result<Response> {
    ///     let form = request.body.form(&mut io, 16 << 10).await?;
    ///     let name: Option<String> = form.get("name")?;
    ///     Ok(Response::text(format!("hello, {}", name.unwrap_or_default())))
    /// }
    /// ```
    #[track_caller]
    pub fn form<S: Has<ReadBody>>(
        &mut self,
        io: &mut Io<S>,
        limit: usize,
    ) -> impl Future<Output = Result<Form, BodyError>> {
        let bytes = self.bytes(io, limit);
        async move { Ok(Form(bytes.await?)) }
    }

    /// The trailer fields: those that came after a chunked body, such as a digest of it. Most bodies have none.
    ///
    /// They are known when the body was read to its end: when [`chunk`](Self::chunk) gave `None`, or
    /// [`bytes`](Self::bytes) and the like gave all of it. They are as little to be trusted as the header fields, and are
    /// never among them.
    ///
    /// # Errors
    ///
    /// [`Order`](BodyErrorKind::Order) if the body was not read to its end.
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, Result};
    /// async fn store(mut io: Io, mut request: Request) -> Result<Response> {
    ///     let body = request.body.bytes(&mut io, 64 << 10).await?;
    ///     let trailers = request.body.trailers(&mut io).await?;
    ///     Ok(Response::text(format!("{} bytes, {:?}", body.len(), trailers.get("x-digest"))))
    /// }
    /// ```
    #[track_caller]
    pub fn trailers<'a, S: Has<ReadTrailers>>(&'a mut self, io: &'a mut Io<S>) -> Ask<'a, S, ReadTrailers> {
        io.perform(ReadTrailers)
    }
}

/// The fields of an HTML form.
#[derive(Clone, Debug, PartialEq)]
pub struct Form(Bytes);

impl Form {
    /// A field, decoded; the first of its name.
    ///
    /// # Errors
    ///
    /// 400 if it is there, and no `T`.
    pub fn get<T: FromStr<Err: Display>>(&self, name: &str) -> crate::error::Result<Option<T>> {
        field(&self.0, name, "form")
    }

    /// All fields of this name, decoded, in their order: of boxes that were ticked, for example.
    ///
    /// # Errors
    ///
    /// 400 if one of them is no `T`.
    pub fn all<T: FromStr<Err: Display>>(&self, name: &str) -> crate::error::Result<Vec<T>> {
        fields(&self.0, name, "form").collect()
    }

    /// The form as it was sent, URL-encoded: for parsers of other crates.
    pub fn encoded(&self) -> &[u8] {
        &self.0
    }
}
