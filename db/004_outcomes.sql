-- What an evaluation found of each picture and t, so that it can go on where it was
-- stopped: squared error of the logits (mean over classes), events and spikes up to t,
-- and the energy of these over the reference's, charged per event and per unit.
ALTER TABLE predictions ADD COLUMN squared_error REAL;
ALTER TABLE predictions ADD COLUMN events REAL;
ALTER TABLE predictions ADD COLUMN spikes REAL;
ALTER TABLE predictions ADD COLUMN energy_event REAL;
ALTER TABLE predictions ADD COLUMN energy_unit REAL;
