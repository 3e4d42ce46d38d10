package com.example.words;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServiceTest {
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = Service.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private HttpResponse<String> asked(String path, HttpRequest.Builder request) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    return HttpClient.newHttpClient().send(request.uri(address).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder text(String text) {
    return HttpRequest.newBuilder().POST(BodyPublishers.ofString(text));
  }

  @Test
  void aTextIsCounted() throws Exception {
    HttpResponse<String> answer = asked("/count", text("one two two"));
    assertEquals(200, answer.statusCode());
    assertEquals("{\"one\":1,\"two\":2}", answer.body());
  }

  @Test
  void aTextThatIsTooLargeIsRefused() throws Exception {
    assertEquals(413, asked("/count", text("word ".repeat(200_001))).statusCode());
  }

  @Test
  void onlyTextsAreCounted() throws Exception {
    assertEquals(405, asked("/count", HttpRequest.newBuilder().GET()).statusCode());
  }

  @Test
  void itIsHealthy() throws Exception {
    assertEquals(200, asked("/health", HttpRequest.newBuilder().GET()).statusCode());
  }
}
