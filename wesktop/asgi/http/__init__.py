"""HTTP's own terms: header fields, cookies, media types, content codings, conditions and ranges. Pure functions.

May import only the shared files of the app layer (`types`, `parameters`).
"""
