"""Training of the reader: data, network, weights. The model card is MODEL_CARD.md."""
