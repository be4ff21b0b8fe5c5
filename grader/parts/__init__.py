"""A homework of several parts: each an assignment of its own, submitted, graded and handed out together."""
