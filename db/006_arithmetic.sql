-- Which arithmetic a run was computed with (SPIKESCOPE_ARITHMETIC): runs of one version are the same to the bit on every
-- machine. NULL: of before there were versions, when bits depended on the processor.
ALTER TABLE runs ADD COLUMN arithmetic INTEGER;
