package io.groupota.http;

import io.groupota.GroupOtaService;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Serves the management API ({@code GET} and {@code POST /v1/ota/group}, {@code /v1/ota/rollouts}
 * and below) and the device API ({@code /v1/ota/group/…} and {@code /v1/ota/device/…}) of a {@link
 * GroupOtaService}. Needs a Servlet 6 container, does blocking input and output in the container's
 * threads, starts no thread, and leaves the service open. Thread-safe.
 *
 * <p>{@link #register(ServletContext)} is all that most hosts call. A host that registers servlets
 * in another way maps this one to {@code /v1/ota/*} and gives it {@link #multipartConfig()}.
 *
 * <p>Uploads are spooled to disk by the container, never to the heap, and deleted before the answer
 * is complete, whatever the answer is. Downloads are copied with a buffer of 64 KiB each, or less
 * where more than 256 are allowed at once (16 KiB from 1,024 on); more than are allowed are
 * answered with {@code 503} and {@code Retry-After}. A host may let its container compress answers:
 * a download says {@code Content-Encoding: identity} to clients that name compressing ones, which
 * keeps Jetty's handlers from changing it. The token of a download is part of its URL: this servlet
 * never logs a request path, and a host should keep it out of its access log.
 */
public final class OtaServlet extends HttpServlet {
  /** Where {@link #register(ServletContext)} maps the servlet. */
  private static final String MAPPING = "/v1/ota/*";

  /** The limit of an upload unless the builder sets another: 64 MiB, like that of the service. */
  private static final long DEFAULT_MAX_UPLOAD = 64L << 20;

  /** What a multipart body may have beside the file: a plan, short fields, headers, boundaries. */
  private static final long FORM_OVERHEAD = DeployForm.MAX_PLAN_BYTES + (64L << 10);

  /** What the Servlet API takes for no limit of a file. */
  private static final long UNLIMITED = -1;

  /** The most that S3 signs a URL for. */
  private static final Duration LONGEST_REDIRECT = Duration.ofDays(7);

  private static final long serialVersionUID = 1L;

  private final transient Router router;
  private final transient MultipartConfigElement multipartConfig;
  private final transient DownloadSlots slots;

  private OtaServlet(GroupOtaService service, Authenticator authenticator, Builder builder) {
    super();
    long maxRequest = Math.addExact(builder.maxUpload, FORM_OVERHEAD);
    this.multipartConfig =
        new MultipartConfigElement(
            builder.spool == null ? "" : builder.spool.toString(), UNLIMITED, maxRequest, 0);
    this.slots = new DownloadSlots(builder.maxDownloads, builder.retryAfter);
    this.router =
        new Router(
            new ManagementApi(authenticator, calls(service, builder.maxUpload, maxRequest)),
            new DeviceApi(service, slots, new Redirects(builder.redirectValidity)));
  }

  private static List<ManagementCall> calls(
      GroupOtaService service, long maxUpload, long maxRequest) {
    List<ManagementCall> calls = new ArrayList<>();
    calls.add(new ListHandler(service).call());
    calls.add(new DeployHandler(service, maxUpload, maxRequest).call());
    calls.addAll(new RolloutHandler(service::rollouts).calls());
    calls.addAll(new RolloutActions(service::rollouts).calls());
    return calls;
  }

  /**
   * Begins a servlet.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Adds this servlet to a context that is starting, maps it to {@code /v1/ota/*} and sets {@link
   * #multipartConfig()}. With embedded Jetty, call it in a {@code ServletContainerInitializer}.
   *
   * @param context the context, not yet started
   * @return the registration, for what the host wants to add
   * @throws IllegalStateException if the context has started already, or already has a servlet of
   *     the name {@code group-ota} or one that is mapped to {@code /v1/ota/*}
   */
  public ServletRegistration.Dynamic register(ServletContext context) {
    ServletRegistration.Dynamic registration = context.addServlet("group-ota", this);
    if (registration == null) {
      throw new IllegalStateException("The context already has a servlet named group-ota");
    }
    if (!registration.addMapping(MAPPING).isEmpty()) {
      throw new IllegalStateException("The context already maps another servlet to " + MAPPING);
    }
    registration.setMultipartConfig(multipartConfig);
    return registration;
  }

  /**
   * How the container must treat uploads: every part goes to disk, the whole body has at most 576
   * KiB more than the limit of the builder, for a plan and the other fields. The limit itself is
   * none of the container's: the servlet looks at each file before it is read.
   *
   * @return the configuration
   */
  public MultipartConfigElement multipartConfig() {
    return multipartConfig;
  }

  /**
   * How busy the downloads are.
   *
   * @return the counts of this moment
   */
  public DownloadCounts downloads() {
    return slots.counts();
  }

  /** All that is answered, each as method and path below the mapping. */
  List<String> endpoints() {
    return router.endpoints();
  }

  /**
   * Answers a request; every failure is answered here too. Only of an answer that broke off on its
   * way is the container told, where it would not end the connection otherwise.
   */
  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    router.handle(request, response);
  }

  /** Builds servlets. Each {@link #build()} gives an independent one. Not thread-safe. */
  public static final class Builder {
    private @Nullable GroupOtaService service;
    private @Nullable Authenticator authenticator;
    private long maxUpload = DEFAULT_MAX_UPLOAD;
    private @Nullable Path spool;
    private int maxDownloads = 128;
    private Duration retryAfter = Duration.ofSeconds(30);
    private Optional<Duration> redirectValidity = Optional.empty();

    private Builder() {}

    /**
     * What the servlet serves. Required. The host starts and closes it.
     *
     * @param service the service
     * @return this builder
     */
    public Builder service(GroupOtaService service) {
      this.service = Objects.requireNonNull(service, "service");
      return this;
    }

    /**
     * How a bearer token becomes an owner. Required.
     *
     * @param authenticator the host's authenticator
     * @return this builder
     */
    public Builder authenticator(Authenticator authenticator) {
      this.authenticator = Objects.requireNonNull(authenticator, "authenticator");
      return this;
    }

    /**
     * Limits an uploaded firmware; a larger one is answered with {@code 413}. Default: 64 MiB. The
     * service has a limit of its own; the lower of the two holds.
     *
     * @param bytes the largest file, in bytes
     * @return this builder
     * @throws IllegalArgumentException if the number is not positive, or absurdly large
     */
    public Builder maxUpload(long bytes) {
      if (bytes < 1 || bytes > Long.MAX_VALUE - FORM_OVERHEAD) {
        throw new IllegalArgumentException("maxUpload must be a positive number of bytes");
      }
      this.maxUpload = bytes;
      return this;
    }

    /**
     * The folder for uploads in progress; it needs room for the largest file times the number of
     * simultaneous uploads. Created by the container if it can. Default: the temporary folder of
     * the servlet context.
     *
     * @param folder the folder
     * @return this builder
     */
    public Builder spool(Path folder) {
      this.spool = folder.toAbsolutePath();
      return this;
    }

    /**
     * Limits the downloads at once; each holds a thread of the container while its client reads.
     * Beyond the limit the answer is {@code 503} with {@code Retry-After}; checks and the
     * management API are always answered. Default: 128, which leaves room in the 200 threads that
     * Jetty and Tomcat have unless told otherwise.
     *
     * @param downloads at least 1, and less than the container's threads
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxDownloads(int downloads) {
      if (downloads < 1) {
        throw new IllegalArgumentException("maxDownloads must be at least 1, but is " + downloads);
      }
      this.maxDownloads = downloads;
      return this;
    }

    /**
     * When a client that was refused for too many downloads is told to come back; up to half of it
     * is added at random. Default: 30 seconds. (IoTaaP OS does not read it and comes at its next
     * check or trigger.)
     *
     * @param delay at least 1 second
     * @return this builder
     * @throws IllegalArgumentException if it is shorter
     */
    public Builder retryAfter(Duration delay) {
      if (delay.toSeconds() < 1) {
        throw new IllegalArgumentException("retryAfter must be at least 1 s, but is " + delay);
      }
      this.retryAfter = delay;
      return this;
    }

    /**
     * Sends clients that can follow a redirect to the blob store for the file, with {@code 302} and
     * a URL that it has signed; such a download takes no thread and no slot here. Default: off,
     * since it needs clients that reach the object store under the name that this host uses for it,
     * which a store in a private network does not offer.
     *
     * <p>IoTaaP OS follows no redirect and is never sent away, nor is anybody who speaks HTTP/1.0
     * (to a proxy that says so in {@code Via}, too), has no {@code User-Agent} or one that begins
     * with {@code ESP}, or sends a header that begins with {@code x-ESP}; a proxy in front has to
     * pass these on. Also served here: {@code HEAD}, whoever sends {@code Authorization}, which
     * some clients would hand on to the store, and conditions that the store would judge otherwise
     * ({@code If-Match}, {@code If-Range} and those with a date). {@code 304}, {@code 412} and
     * {@code 416} are answered before, and when the blob store has no URL the file comes from here.
     * The redirect carries the {@code x-MD5} and the {@code ETag} of the file.
     *
     * <p>A client that follows no redirect and shows none of these signs gets no file: do not set
     * this if there is one. Who has the URL reads this one file until the URL expires.
     *
     * @param validity how long a URL works, that is, how late a client may begin to read; 1 second
     *     to 7 days, a minute or two will do
     * @return this builder
     * @throws IllegalArgumentException if it is shorter or longer
     */
    public Builder redirectDownloads(Duration validity) {
      if (validity.toSeconds() < 1 || validity.compareTo(LONGEST_REDIRECT) > 0) {
        throw new IllegalArgumentException(
            "The validity of a redirect must be 1 s to 7 days, but is " + validity);
      }
      this.redirectValidity = Optional.of(validity);
      return this;
    }

    /**
     * Builds the servlet.
     *
     * @return the servlet
     * @throws IllegalStateException if the service or the authenticator is missing
     */
    public OtaServlet build() {
      if (service == null) {
        throw new IllegalStateException("Call service(...) before build()");
      }
      if (authenticator == null) {
        throw new IllegalStateException("Call authenticator(...) before build()");
      }
      return new OtaServlet(service, authenticator, this);
    }
  }
}
