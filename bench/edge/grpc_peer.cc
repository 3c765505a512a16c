// grpc_peer.cc - the server of grpc_echo.c as gRPC's own library has it: the asynchronous
// interface, one completion queue, one thread, as many calls waited for as there can be at once.
//
// Prints its port, and serves until it is killed.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>

#include "echo.grpc.pb.h"

namespace {

constexpr int kCallsAtOnce = 256;

// One call after another: waited for, answered, and made anew.
class Call {
public:
    Call(bench::Echo::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue)
    {
        Wait();
    }

    void GoOn()
    {
        if (is_answered_) {
            Wait();
            return;
        }
        is_answered_ = true;
        reply_.set_text(ask_.text());
        writer_->Finish(reply_, grpc::Status::OK, this);
    }

private:
    void Wait()
    {
        is_answered_ = false;
        ask_.Clear();
        writer_.reset();
        context_ = std::make_unique<grpc::ServerContext>();
        writer_ = std::make_unique<grpc::ServerAsyncResponseWriter<bench::Text>>(context_.get());
        service_->RequestEcho(context_.get(), &ask_, writer_.get(), queue_, queue_, this);
    }

    bench::Echo::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    std::unique_ptr<grpc::ServerContext> context_;
    std::unique_ptr<grpc::ServerAsyncResponseWriter<bench::Text>> writer_;
    bench::Text ask_, reply_;
    bool is_answered_ = false;
};

} // namespace

int main()
{
    int port = 0;
    bench::Echo::AsyncService service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server)
        return 1;
    for (int i = 0; i < kCallsAtOnce; i++)
        new Call(&service, queue.get()); // for as long as the process lives
    std::printf("%d\n", port);
    std::fflush(stdout);
    void *tag;
    bool is_good;
    while (queue->Next(&tag, &is_good))
        static_cast<Call *>(tag)->GoOn();
    return 0;
}
