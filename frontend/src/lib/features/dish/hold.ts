/** Space means two things: tapped it plays, held it pans; which one is known when it is let go. */
export class Hold {
  isHeld = false;
  isDragging = false;

  press(event: KeyboardEvent | undefined): void {
    if (event?.repeat) return;
    this.isHeld = true;
    this.isDragging = false;
  }

  /** True when it was a tap. */
  release(): boolean {
    const isTap = this.isHeld && !this.isDragging;
    this.isHeld = false;
    this.isDragging = false;
    return isTap;
  }
}
