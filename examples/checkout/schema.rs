//! The tables, and what must be true of them whoever writes.

use segno::Result;

use crate::shop::Io;

pub(crate) async fn create(io: &mut Io) -> Result<()> {
    for statement in SCHEMA {
        io.sql(statement, ()).await?;
    }
    Ok(())
}

pub(crate) const SCHEMA: [&str; 6] = [
    "create table if not exists item (
        id integer primary key, name text not null, price integer not null check (price > 0),
        stock integer not null check (stock >= 0)
    )",
    "create table if not exists line (
        cart integer not null, item integer not null references item,
        count integer not null check (count between 1 and 99),
        primary key (cart, item)
    )",
    "create table if not exists orders (
        id integer primary key, cart integer not null unique, email text not null, cents integer not null,
        state text not null default 'pending' check (state in ('pending', 'paid', 'declined', 'cancelled')),
        mailed integer not null default 0 check (mailed in (0, 1))
    )",
    // In the same statement as the change of the state, so that no failure comes between them.
    "create trigger if not exists give_back after update of state on orders
        when old.state = 'pending' and new.state in ('declined', 'cancelled')
    begin
        update item set stock = stock + (select count from line where cart = new.cart and item = item.id)
            where id in (select item from line where cart = new.cart);
    end",
    // The bank's own; in a larger world it would not be here.
    "create table if not exists charge (
        key text primary key, cents integer not null,
        state text not null check (state in ('charged', 'declined', 'void'))
    )",
    "insert into item (id, name, price, stock) values (1, 'a tin of tea', 499, 100), (2, 'the last cup', 1200, 1)
        on conflict do nothing",
];
