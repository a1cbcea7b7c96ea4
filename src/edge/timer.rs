//! A timer that wakes whoever waits for it now. The platform crate's `Delay` wakes whoever polled it first, and a
//! stream is polled by another task for each chunk.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: &JsValue);
}

#[derive(Debug, Default)]
struct Shared {
    fired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Runs from when it is made; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Timer {
    shared: Rc<Shared>,
    timeout: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// A timer that fires after this time.
    pub(crate) fn after(time: Duration) -> Self {
        let shared = Rc::new(Shared::default());
        let fires = Rc::clone(&shared);
        let callback = Closure::new(move || {
            fires.fired.set(true);
            if let Some(waker) = fires.waker.take() {
                waker.wake();
            }
        });
        let timeout = set_timeout(&callback, time.as_secs_f64() * 1000.0);
        Self { shared, timeout, _callback: callback }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.fired.get() {
            return Poll::Ready(());
        }
        self.shared.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.timeout);
    }
}
