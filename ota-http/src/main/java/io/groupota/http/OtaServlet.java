package io.groupota.http;

import io.groupota.GroupOtaService;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Serves the management API ({@code GET} and {@code POST /v1/ota/group}) and the device API ({@code
 * /v1/ota/group/…} and {@code /v1/ota/device/…}) of a {@link GroupOtaService}. Needs a Servlet 6
 * container, does blocking input and output in the container's threads, starts no thread, and
 * leaves the service open. Thread-safe.
 *
 * <p>{@link #register(ServletContext)} is all that most hosts call. A host that registers servlets
 * in another way maps this one to {@code /v1/ota/*} and gives it {@link #multipartConfig()}.
 *
 * <p>Uploads are spooled to disk by the container, never to the heap, and deleted before the answer
 * is complete, whatever the answer is. Downloads are copied with a buffer of 64 KiB. The token of a
 * download is part of its URL: this servlet never logs a request path, and a host should keep it
 * out of its access log.
 */
public final class OtaServlet extends HttpServlet {
  /** Where {@link #register(ServletContext)} maps the servlet. */
  private static final String MAPPING = "/v1/ota/*";

  /** The limit of an upload unless the builder sets another: 64 MiB, like that of the service. */
  private static final long DEFAULT_MAX_UPLOAD = 64L << 20;

  /** What a multipart body may have beside the file: three short fields, headers, boundaries. */
  private static final long FORM_OVERHEAD = 64L << 10;

  private static final long serialVersionUID = 1L;

  private final transient Router router;
  private final transient MultipartConfigElement multipartConfig;

  private OtaServlet(GroupOtaService service, Authenticator authenticator, Builder builder) {
    super();
    long maxRequest = Math.addExact(builder.maxUpload, FORM_OVERHEAD);
    this.multipartConfig =
        new MultipartConfigElement(
            builder.spool == null ? "" : builder.spool.toString(),
            builder.maxUpload,
            maxRequest,
            0);
    this.router =
        new Router(
            new ManagementApi(
                authenticator,
                new ListHandler(service),
                new DeployHandler(service, builder.maxUpload, maxRequest)),
            new DeviceApi(service));
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
   * How the container must treat uploads: every part goes to disk, a file has at most the limit of
   * the builder, the whole body 64 KiB more.
   *
   * @return the configuration
   */
  public MultipartConfigElement multipartConfig() {
    return multipartConfig;
  }

  /** Answers a request; every failure is answered here too, none is left to the container. */
  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response) {
    router.handle(request, response);
  }

  /** Builds servlets. Each {@link #build()} gives an independent one. Not thread-safe. */
  public static final class Builder {
    private @Nullable GroupOtaService service;
    private @Nullable Authenticator authenticator;
    private long maxUpload = DEFAULT_MAX_UPLOAD;
    private @Nullable Path spool;

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
