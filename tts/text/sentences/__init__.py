"""Where sentences end, in any language and layout, and where long ones may be cut."""
