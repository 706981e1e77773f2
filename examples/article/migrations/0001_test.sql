-- The article's table.
create table test (id integer primary key, name text not null);
