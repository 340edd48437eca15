-- The knots of a UGO's fit, from which its forms are made: F64 little-endian [2, knots],
-- places and values; NULL where only the weights are known. Weights alone are rounded.
ALTER TABLE ugos ADD COLUMN knots BLOB;
