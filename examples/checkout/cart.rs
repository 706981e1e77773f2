//! What customers see: shelves and carts.

use segno::{Error, Escaped, Page, Request, Response, Result, SqlErrorKind};

use crate::{order::money, shop::Io};

/// All that there is, with a new cart to put it into.
pub(crate) async fn shelves(mut io: Io, _: Request) -> Result<Response> {
    let cart = io.random(1..=MAX_CART).await?;
    let mut page = Page::new();
    page.write("<!doctype html><title>Shop</title>\n");
    for item in io.sql(ITEMS, ()).await?.iter() {
        let (id, name, price, stock): (i64, String, i64, i64) =
            (item.get("id")?, item.get("name")?, item.get("price")?, item.get("stock")?);
        page.write(format!(
            "<form method=post action=/cart/{cart}/items>{}, {} ({stock} left) <input type=hidden name=item value={id}>\
             <input name=count value=1 size=2> <button>Into the cart</button></form>\n",
            Escaped(name),
            money(price)
        ));
    }
    page.write(format!("<p><a href=/cart/{cart}>The cart</a>\n"));
    Ok(page.into())
}

/// What is in a cart, and the way to the till.
pub(crate) async fn show(mut io: Io, request: Request) -> Result<Response> {
    let cart: i64 = request.param("cart")?;
    let mut page = Page::new();
    page.write("<!doctype html><title>Cart</title>\n");
    for line in io.sql(LINES, [cart]).await?.iter() {
        let (count, name, price): (i64, String, i64) = (line.get("count")?, line.get("name")?, line.get("price")?);
        page.write(format!("<p>{count} × {}: {}\n", Escaped(name), money(count * price)));
    }
    page.write(format!(
        "<form method=post action=/cart/{cart}/checkout><input name=email placeholder=email> \
         <input name=card placeholder='card: 4242'> <button>Buy</button></form>\n"
    ));
    Ok(page.into())
}

/// Puts some more of an item into a cart, unless the cart is ordered.
pub(crate) async fn add(mut io: Io, mut request: Request) -> Result<Response> {
    let cart: i64 = request.param("cart")?;
    let form = request.body.form(&mut io, MAX_FORM).await?;
    let (item, count): (i64, i64) = (form.get("item")?.unwrap_or_default(), form.get("count")?.unwrap_or(1));
    match io.sql(ADD, (cart, item, count)).await {
        Ok(added) if added.rows_affected() == 0 => Err(Error::status(409, "this cart is ordered already")),
        Ok(_) => Ok(Response::see_other(&format!("/cart/{cart}"))?),
        Err(error) if error.kind == SqlErrorKind::ForeignKey => {
            Err(Error::from(error).shown_as(400, "there is no such item"))
        }
        Err(error) if error.kind == SqlErrorKind::Check => {
            Err(Error::from(error).shown_as(400, "a cart takes 1 to 99 of an item"))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) const ITEMS: &str = "select id, name, price, stock from item order by id";
pub(crate) const LINES: &str =
    "select count, name, price from line join item on item.id = line.item where cart = ?1 order by item.id";
/// One statement, so that no order comes between the question and the deed.
pub(crate) const ADD: &str = "insert into line (cart, item, count) \
     select ?1, ?2, ?3 where not exists (select 1 from orders where cart = ?1) \
     on conflict (cart, item) do update set count = count + excluded.count";

/// So many that nobody meets another's cart by chance; few enough for JavaScript's numbers.
const MAX_CART: u64 = 1 << 52;

/// Two numbers.
const MAX_FORM: usize = 1 << 10;
