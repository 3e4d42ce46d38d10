"""What commands and actions do: their purpose, what becomes of their failure, what they look at and send out."""
