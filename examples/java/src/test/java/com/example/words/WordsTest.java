package com.example.words;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void wordsAreCountedWhateverTheirCase() {
    assertEquals(Map.of("one", 1, "two", 2), Words.count("Two, one - TWO!"));
  }

  @Test
  void nothingIsCountedWhereNoWordIs() {
    assertEquals("{}", Words.json(Words.count(" ... ")));
  }

  @Test
  void theAnswerIsInOrder() {
    assertEquals("{\"pears\":1,\"äpfel\":2}", Words.json(Words.count("Äpfel pears äpfel")));
  }
}
