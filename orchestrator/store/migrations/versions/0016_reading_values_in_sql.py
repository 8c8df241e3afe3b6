"""Functions that read one value as the language does: dates of ISO 8601 and Unix times, and
amounts written as text. Rules about all customers use them; SQLite gets them with each connection.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for function in (_TIME, _UNIX, _DATE, _AMOUNT):
            connection.execute(sa.text(function.replace(":", r"\:")))


# Microseconds since 1970 of a text of ISO 8601, in UTC where it names no zone; NULL for what is
# none.
_TIME = r"""
CREATE OR REPLACE FUNCTION parcours_time(told text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  part text[] := regexp_match(
    upper(btrim(told, E' \t\n\r\f\v')),
    '^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-W[0-9]{2}-[0-9]|[0-9]{4}W[0-9]{3})'
    '(?:[T ]([0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?)?|[0-9]{2}(?:[0-9]{2}(?:[0-9]{2})?)?)'
    '(?:[.,]([0-9]+))?(?: ?(Z|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?))?)?$');
  day_text text := replace(part[1], '-', '');
  clock text := rpad(replace(coalesce(part[2], ''), ':', ''), 6, '0');
  zone text := rpad(replace(coalesce(nullif(part[4], 'Z'), '+'), ':', ''), 7, '0');
  day date;
  away bigint;
  found bigint;
BEGIN
  IF part IS NULL OR (part[3] IS NOT NULL AND length(replace(part[2], ':', '')) < 6) THEN
    RETURN NULL;
  END IF;
  IF day_text LIKE '%W%' THEN
    day := to_date(replace(day_text, 'W', ''), 'IYYYIWID');
    IF to_char(day, 'IYYY"W"IWID') <> day_text THEN RETURN NULL; END IF;
  ELSE
    day := make_date(left(day_text, 4)::int, substr(day_text, 5, 2)::int, right(day_text, 2)::int);
  END IF;
  IF left(clock, 2)::int > 23 OR substr(clock, 3, 2)::int > 59 OR right(clock, 2)::int > 59 THEN
    RETURN NULL;
  END IF;
  away := substr(zone, 2, 2)::int * 3600 + substr(zone, 4, 2)::int * 60 + substr(zone, 6, 2)::int;
  IF away >= 86400 THEN RETURN NULL; END IF;
  found := (day - DATE '1970-01-01')::bigint * 86400
    + left(clock, 2)::int * 3600 + substr(clock, 3, 2)::int * 60 + right(clock, 2)::int
    - CASE WHEN left(zone, 1) = '-' THEN -away ELSE away END;
  IF found < -62135596800 OR found >= 253402300800 THEN RETURN NULL; END IF;
  RETURN found * 1000000 + rpad(left(coalesce(part[3], ''), 6), 6, '0')::bigint;
EXCEPTION WHEN datetime_field_overflow THEN RETURN NULL;
END $$"""

# The same of a number: seconds, or from 10^11 on milliseconds; what is less than 10^8 is a count.
_UNIX = """
CREATE OR REPLACE FUNCTION parcours_unix(told double precision) RETURNS bigint LANGUAGE sql
IMMUTABLE AS $$
  SELECT CASE
    WHEN abs(told) < 1e8 THEN NULL
    WHEN abs(told) < 1e11 AND told > -62135596800
      THEN trunc(told)::bigint * 1000000 + round((told - trunc(told)) * 1e6)::bigint
    WHEN abs(told) >= 1e11 AND told >= -62135596800e3 AND told < 253402300800e3
      THEN trunc(told)::bigint * 1000 + round((told - trunc(told)) * 1e3)::bigint
  END $$"""

# The same of a text, in either way.
_DATE = r"""
CREATE OR REPLACE FUNCTION parcours_date(told text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(
    parcours_time(told),
    CASE WHEN btrim(told, E' \t\n\r\f\v') ~ '^[+-]?[0-9]{1,30}([.][0-9]*)?$'
      THEN parcours_unix(btrim(told, E' \t\n\r\f\v')::double precision) END
  ) $$"""

# A number written as text.
_AMOUNT = r"""
CREATE OR REPLACE FUNCTION parcours_amount(told text) RETURNS double precision LANGUAGE plpgsql
IMMUTABLE AS $$
BEGIN
  IF length(told) > 50
    OR told !~* '^[ \t\n\r\f\v]*[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?[ \t\n\r\f\v]*$'
  THEN RETURN NULL; END IF;
  RETURN btrim(told, E' \t\n\r\f\v')::double precision;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN told ~* 'e-' THEN 0 END;
END $$"""
