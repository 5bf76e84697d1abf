"""What a lens, a sensor and a codec do to a picture. Shared by the training of every model.

All functions take and give float32 grey pictures, 0 to 255, and a numpy Generator, so that a seed fixes the result.
"""
import cv2
import numpy as np


def light(rng, plate):
    """Uneven light, lost contrast, over-exposure and a shadow's edge on a plate."""
    rows, cols = plate.shape
    x = np.linspace(-0.5, 0.5, cols, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, rows, dtype=np.float32)[:, None]
    contrast = rng.uniform(0.25, 1.1)
    lit = plate * (1 + rng.normal(0, 0.2) * x + rng.normal(0, 0.2) * y) * contrast
    lit = lit + rng.uniform(0, 120) * (1 - 0.6 * contrast)
    if rng.random() < 0.25:  # the edge of a shadow, hard or soft, at any angle
        edge = (y + 0.5 - rng.uniform(0, 1) + rng.uniform(-1, 1) * x) * rng.uniform(3, 30)
        lit = lit * (1 - rng.uniform(0.2, 0.65) / (1 + np.exp(-edge)))
    if rng.random() < 0.15:
        lit = np.minimum(lit * rng.uniform(1.1, 1.8), 255)
    if rng.random() < 0.15:
        lit = 255 * np.power(np.clip(lit, 0, 255) / 255, rng.uniform(0.6, 1.8))
    return lit.astype(np.float32)


def motion_kernel(length_px, angle):
    """A line of the given length: what a moving plate does during the exposure."""
    half = int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for t in np.linspace(-0.5, 0.5, 8 * half):
        px, py = half + t * length_px * np.cos(angle), half + t * length_px * np.sin(angle)
        x0, y0 = int(np.floor(px)), int(np.floor(py))
        fx, fy = px - x0, py - y0
        for dx, dy, weight in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
            if 0 <= x0 + dx < kernel.shape[1] and 0 <= y0 + dy < kernel.shape[0]:
                kernel[y0 + dy, x0 + dx] += weight
    return kernel / kernel.sum()


def degrade(rng, picture):
    """Defocus or motion, noise, sharpening, JPEG: in the order in which a camera does them."""
    kind = rng.random()
    if kind < 0.55:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    elif kind < 0.8:
        picture = cv2.filter2D(picture, -1, motion_kernel(rng.uniform(0.8, 4), rng.uniform(0, np.pi)))
    picture = picture + rng.normal(0, 1, picture.shape).astype(np.float32) * rng.uniform(0, 12)
    if rng.random() < 0.15:
        picture = picture + (picture - cv2.GaussianBlur(picture, (0, 0), 1.2)) * rng.uniform(0.5, 1.5)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.integers(30, 95))
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    return picture
