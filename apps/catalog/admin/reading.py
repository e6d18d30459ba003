"""Pages that show what the shop itself writes."""


class Uneditable:
    """Rows that the shop writes, for staff to read."""

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
