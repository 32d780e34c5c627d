"""Everything Streamlit that is not a page; imports engine, never pages."""
