package com.example.words;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts words. */
public final class Words {
  private Words() {}

  /** How often each word is in a text, in the order of the alphabet. Case does not matter. */
  public static SortedMap<String, Integer> count(String text) {
    SortedMap<String, Integer> counts = new TreeMap<>();
    for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
      if (!word.isEmpty()) {
        counts.merge(word, 1, Integer::sum);
      }
    }
    return counts;
  }

  /** Counts as JSON. A word has letters and digits only, so that nothing has to be escaped. */
  public static String json(SortedMap<String, Integer> counts) {
    return counts.entrySet().stream()
        .map(entry -> "\"%s\":%d".formatted(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }
}
