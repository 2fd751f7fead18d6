-- Schema 6 (issue 5): who decides about requests of SCEP.

-- Challenges that an MDM has signed, or fetched for a device: which device
-- (empty: not said), and where alone the secret counts ("scep/NAME"; empty:
-- wherever its profile is served).
ALTER TABLE token ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN service TEXT NOT NULL DEFAULT '';
CREATE INDEX token_by_device ON token (profile, device, created_at)
WHERE device <> '';
