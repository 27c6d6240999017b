"""EKS: the whole service anew, since moto's knows neither add-ons nor access entries nor updates."""
