"""Models of rewards and of relevance, cross-fitted: learners are those of scikit-learn and LightGBM."""
