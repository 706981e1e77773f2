-- Twelve, so that the article's `limit 10` has something to leave out.
insert into test (id, name) values
    (1, 'generators'),
    (2, 'tasklets'),
    (3, 'channels'),
    (4, 'deferreds'),
    (5, 'continuations'),
    (6, 'fibers'),
    (7, 'effects'),
    (8, 'handlers'),
    (9, 'lanes'),
    (10, 'traces'),
    (11, 'tapes'),
    (12, 'drivers');
