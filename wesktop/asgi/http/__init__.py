"""HTTP's own terms: header fields, cookies, media types, content codings, conditions and ranges. Pure functions.

May import only `types` and `parameters` of the app layer.
"""
