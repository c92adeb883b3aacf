-- From where a client was last seen, and how that address was found.

-- Written with the marks of use. No `via`: the connection itself came from there.
ALTER TABLE clients ADD COLUMN last_used_address TEXT;
ALTER TABLE clients ADD COLUMN last_used_via TEXT;
ALTER TABLE observed_addresses ADD COLUMN last_via TEXT;
