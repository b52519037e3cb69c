"""How a lab's recordings change, told week by week."""
